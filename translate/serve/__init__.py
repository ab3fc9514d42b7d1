"""`translate serve`: a page and an HTTP API for trained models, each in its own process."""
