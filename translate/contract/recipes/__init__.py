"""The rules of recipes, in training and at inference."""
