"""What a reference names: a run, a step, the best checkpoint, a packed model, the Hub."""
