"""Options and arguments that commands share, their values, and the names they accept."""
