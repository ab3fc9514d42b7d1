"""A trained model: on tensors, whole or in tiles."""
