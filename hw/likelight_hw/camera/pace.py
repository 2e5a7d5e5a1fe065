"""When the next JPEG is due: by request, and no more often than asked for."""


class Pace:
    """Thins out a stream of `fps` pictures a second to any lower rate. Times are monotonic."""

    def __init__(self, fps: int) -> None:
        self._half_frame = 0.5 / fps
        self._next = 0.0

    def reset(self) -> None:
        """The next picture is due at once."""
        self._next = 0.0

    def due(self, now: float, rate: float) -> bool:
        """Return whether the picture of `now` is to be one of `rate` a second; count it if so."""
        # Half a frame early is on time: the next picture would be half a frame late.
        if rate <= 0 or now < self._next - self._half_frame:
            return False
        self._next = max(self._next, now) + 1 / rate
        return True
