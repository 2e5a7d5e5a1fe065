"""How many bytes an upload may send: what arrives is kept, and sent on to every viewer."""

MOST_BITS_A_S = 40_000_000
"""A camera's 20 Mbit/s at most, what an encoder sends beyond that, and five JPEGs of 1080p."""

BURST_S = 2.0
"""What a line held back, and kernels had in their buffers, may come at once."""

LEAST_BYTES = 1024
"""A message counts for as much at least: reading it costs time, too."""


class UploadPace:
    """A budget of bytes, full at first. `at` is the event loop's time, in seconds."""

    def __init__(self, at: float) -> None:
        self._left = self._most = MOST_BITS_A_S / 8 * BURST_S
        self._at = at

    def allows(self, size: int, at: float) -> bool:
        """Take a message of `size` bytes; return False once it is too much."""
        self._left = min(self._most, self._left + (at - self._at) * MOST_BITS_A_S / 8)
        self._at = at
        self._left -= max(size, LEAST_BYTES)
        return self._left >= 0
