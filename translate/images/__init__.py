"""Images: files, arrays, formats and value ranges."""
