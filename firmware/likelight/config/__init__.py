"""The configuration: read, checked and explained."""
