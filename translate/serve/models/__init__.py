"""Served models, each in its own process: translation, description, previews and messages."""
