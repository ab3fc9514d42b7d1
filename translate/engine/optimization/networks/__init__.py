"""The trained networks of a recipe: sharded, recomputed, padded, or in another memory format."""
