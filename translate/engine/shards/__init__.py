"""Shards: parts of a folder of images, which processes translate independently of each other."""
