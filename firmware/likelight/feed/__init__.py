"""The window out: from camera packets to viewers. It imports neither config, gate nor hardware."""
