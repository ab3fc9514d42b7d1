"""Models and data sets of other programs: import, export, download and publication."""
