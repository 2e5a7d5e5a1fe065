"""What a device asks and tells."""
