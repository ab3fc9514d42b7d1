"""Images in object stores, and in tar files there and on the disk."""
