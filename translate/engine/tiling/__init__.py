"""Translation of images in tiles, layer by layer, with the result of the full frame."""
