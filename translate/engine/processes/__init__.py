"""Processes that train together, threads, cores and signals."""
