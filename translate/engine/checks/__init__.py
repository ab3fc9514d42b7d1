"""Checks of a configuration before its run folder is made: networks, losses, sizes and layouts."""
