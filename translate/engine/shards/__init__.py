"""Parts of a folder that processes translate on their own: which images, and which are done."""
