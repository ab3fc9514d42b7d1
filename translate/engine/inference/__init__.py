"""Folders of images and samples, with a manifest of outputs."""
