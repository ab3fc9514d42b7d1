"""Threads, processes and signals."""
