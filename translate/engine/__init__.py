"""Train recipes and apply them; knows no plugin by name and is private to us."""
