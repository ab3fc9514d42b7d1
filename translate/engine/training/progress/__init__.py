"""The progress of training: log, previews, detected failures and the expected end."""
