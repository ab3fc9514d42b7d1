"""The process and its machine: console, memory, devices, random generators, installed files."""
