"""Metrics of translated and generated images, baselines to compare them with, and intervals."""
