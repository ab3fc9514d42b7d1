"""Image files: their formats and their bytes, on a disk or in tar files."""
