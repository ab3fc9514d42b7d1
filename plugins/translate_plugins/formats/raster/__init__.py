"""Formats that Pillow and OpenCV read: PNG, JPEG, WebP and others."""
