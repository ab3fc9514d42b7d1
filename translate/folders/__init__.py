"""Folders of images, and where a domain is."""
