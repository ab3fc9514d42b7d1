"""From a layout to batches, in the order of training."""
