"""NumPy files as images."""
