"""Detect failures of training from its log and previews, during training and afterwards."""
