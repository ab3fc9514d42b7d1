"""Models for others: packed, uploaded to the Hugging Face Hub, and verified."""
