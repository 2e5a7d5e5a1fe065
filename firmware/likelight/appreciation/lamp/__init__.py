"""The lamp: what it says with light, and what of it has been seen."""
