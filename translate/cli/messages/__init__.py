"""What commands print: settings, parts, counts and results."""
