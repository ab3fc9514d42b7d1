"""Import of untrusted data sets and files of weights."""
