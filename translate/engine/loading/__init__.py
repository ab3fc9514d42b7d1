"""Read the items of a layout, transform their images, and make batches in the order of training."""
