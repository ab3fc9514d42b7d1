"""Ways to save memory and time of trained networks: sharding, recomputation, memory format."""
