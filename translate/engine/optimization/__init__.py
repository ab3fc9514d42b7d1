"""Build a recipe and its optimizers, and take steps."""
