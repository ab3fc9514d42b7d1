"""What crosses the door: data sets of others, taken with care."""
