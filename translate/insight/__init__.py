"""Checks of the environment, of a data set, and of a run."""
