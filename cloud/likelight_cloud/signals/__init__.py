"""Which kitchens need somebody, and who is told."""
