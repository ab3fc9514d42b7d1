"""Reading of object stores, through fsspec."""
