"""Compute a function of large images in tiles."""
