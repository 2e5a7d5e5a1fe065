"""The window out: from camera packets to viewers. It imports no config, gate or hardware."""
