"""Exported models, such as ONNX files: written, read, run and cached."""
