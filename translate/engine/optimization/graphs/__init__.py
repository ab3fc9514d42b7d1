"""CUDA graphs of networks: which calls can be graphed, and their replay."""
