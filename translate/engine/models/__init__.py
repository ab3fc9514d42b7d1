"""Trained models: they translate images, whole or in tiles, and generate images from noise."""
