"""The camera in a process of its own: sources, encoders, and the link to the daemon."""
