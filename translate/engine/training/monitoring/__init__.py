"""Training, watched: its log, previews, detected failures and the expected end."""
