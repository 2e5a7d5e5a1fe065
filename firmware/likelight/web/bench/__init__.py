"""The bench of the demo: what the crew has in front of them, as a page."""
