"""The daemon on the Raspberry Pi: a window out of the kitchen, and a window in."""

__version__ = "0.1.0"
