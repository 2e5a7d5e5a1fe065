"""The seed of a device: what lies on its card's boot volume, and what the device reads there."""
