"""Checkpoints that all processes write: each its parts of moments, with PyTorch's planners."""
