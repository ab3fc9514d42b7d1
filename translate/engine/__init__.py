"""Train recipes and apply them. The engine names no plugin, and it is private."""
