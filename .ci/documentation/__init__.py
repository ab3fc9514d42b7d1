"""The pages of the documentation: those of docs/, and those that are written from the code."""
