"""Eyes: what is true of the machine, of a data set, of a run."""
