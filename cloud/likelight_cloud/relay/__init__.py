"""The stream of a kitchen, taken from its device and given to its viewers."""
