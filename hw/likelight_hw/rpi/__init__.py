"""Drivers for what is wired to a Raspberry Pi; each imports its library when it is opened."""
