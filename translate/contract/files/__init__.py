"""The rules of what reads files: layouts, formats and importers."""
