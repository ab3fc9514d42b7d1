"""Detect failures of training from the log and the previews of a run."""
