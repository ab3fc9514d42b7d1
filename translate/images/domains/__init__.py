"""The pixel values of a domain: read, scaled to [-1, 1], or label maps."""
