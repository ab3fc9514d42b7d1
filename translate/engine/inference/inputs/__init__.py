"""Inputs: the images to translate, their masks, and the jobs of translating them."""
