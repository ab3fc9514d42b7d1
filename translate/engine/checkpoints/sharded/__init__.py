"""Checkpoints to which each process writes its shards of the optimizers' moments."""
