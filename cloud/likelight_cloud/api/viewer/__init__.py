"""What a viewer's page asks and tells."""
