"""The window out: from camera packets to viewers. Knows nothing of config, the gate or hardware."""
