"""How far single outputs can be trusted, without their ground truth."""
