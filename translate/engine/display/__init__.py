"""The display of training progress on a terminal, in a notebook or in a log."""
