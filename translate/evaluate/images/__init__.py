"""The images that an evaluation measures, and those that it shows."""
