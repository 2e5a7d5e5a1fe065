"""May camera frames leave the kitchen? The one gate, its light, and what opens and shuts it."""
