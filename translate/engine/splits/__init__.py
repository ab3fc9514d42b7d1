"""Which images are trained on, and which are held out or of another split."""
