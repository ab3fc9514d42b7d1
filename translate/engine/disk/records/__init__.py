"""Records in JSON: documents, lines, and the problems of skipped files."""
