"""Detectors: one module for each kind of failure of training."""
