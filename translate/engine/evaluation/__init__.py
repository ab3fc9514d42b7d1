"""Measure a recipe during training."""
