"""Where images are read from and written to: the disk of this machine, or a store of objects."""
