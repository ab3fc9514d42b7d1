"""Every access to the disk."""
