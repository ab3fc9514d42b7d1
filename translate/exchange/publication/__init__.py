"""Publication of models: pack into a file, upload to the Hugging Face Hub, and verify."""
