"""Find the images of a data set, and check each once."""
