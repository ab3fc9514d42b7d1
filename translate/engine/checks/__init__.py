"""Refuse what cannot be trained, before a run folder is made."""
