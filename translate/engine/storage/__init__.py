"""Storages that images are read from and written to: the local disk, or an object store."""
