"""Writing to disk: atomic files and folders, locks, and records in JSON."""
