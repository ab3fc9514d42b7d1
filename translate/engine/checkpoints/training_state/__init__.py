"""What a resume needs besides weights: moments of optimizers, and the state of each process."""
