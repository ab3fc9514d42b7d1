"""The arrays of one image, read, translated and converted back."""
