"""`translate serve`: a web page and an HTTP API for trained models, each in its own process."""
