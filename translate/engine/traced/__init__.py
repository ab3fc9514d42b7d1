"""A function of images, traced by PyTorch: its operators, and the regions that each reads."""
