"""What the crew reads: pure functions from a model and a size to an image."""
