"""Reports: one HTML page about runs, readable without a network."""
