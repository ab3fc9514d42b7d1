"""The rules of networks, losses, metrics, trackers and exporters, called parts."""
