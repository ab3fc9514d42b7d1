"""The log and the previews of training, messages on its failures, and an estimate of its time."""
