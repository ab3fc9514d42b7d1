"""Requests: who may make them, their limits and their content."""
