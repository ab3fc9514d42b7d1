"""Requests: access, limits, and reading of parameters and files."""
