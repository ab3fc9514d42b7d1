"""Records in JSON: documents, lines, and the lines of skipped files."""
