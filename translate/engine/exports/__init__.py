"""Models as files of other programs: written, read, run and cached."""
