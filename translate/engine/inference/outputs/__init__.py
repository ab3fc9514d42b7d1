"""Outputs: where they go, and the manifest of what each was made from."""
