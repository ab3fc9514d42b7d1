"""Choose the images for training and for validation, and find what both have in common."""
