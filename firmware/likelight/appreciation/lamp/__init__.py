"""The lamp: what it shows, and which likes it has really shown."""
