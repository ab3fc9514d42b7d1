"""Checkpoints with a file of each process for its shards of the optimizers' moments."""
