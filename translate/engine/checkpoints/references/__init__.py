"""Find the checkpoint of a reference: a run, a step, the best one, a packed model, the Hub."""
