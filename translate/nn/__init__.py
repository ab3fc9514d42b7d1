"""Networks' common parts: what several recipes share."""
