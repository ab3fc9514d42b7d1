"""Exported files: read, described and run, without PyTorch."""
