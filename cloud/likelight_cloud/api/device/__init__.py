"""The addresses that a device uses."""
