"""Processes of our own that may hang: started, spoken to, and ended."""
