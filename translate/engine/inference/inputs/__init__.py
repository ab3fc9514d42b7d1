"""Inputs: the images to translate, their masks and frames, and the jobs of translating them."""
