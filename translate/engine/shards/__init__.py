"""Shards: parts of a folder that processes translate independently."""
