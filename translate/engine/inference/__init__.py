"""Apply a trained model to images."""
