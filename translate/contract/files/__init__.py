"""The rules of plugins that read files: layouts, formats and importers."""
