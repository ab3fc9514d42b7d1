"""The rules of parts: of networks, losses, metrics, trackers and exporters."""
