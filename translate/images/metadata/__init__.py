"""Metadata of image files: XMP, provenance, colour profiles, and what is lost on reading."""
