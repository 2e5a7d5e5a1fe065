"""Which kitchens need somebody, and the messages that say so to other systems."""
