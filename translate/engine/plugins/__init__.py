"""Plugins: discovery, calls of their hooks, and messages about their errors."""
