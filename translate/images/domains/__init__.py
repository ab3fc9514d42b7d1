"""The images of a domain: reading, pixel values, and label maps."""
