"""How long the daemon waits for its camera child, and how long between two children."""

from dataclasses import dataclass

GLANCE_S = 1.0
"""How often a pause looks whether the source has come back."""


@dataclass(frozen=True, slots=True)
class CameraTimeouts:
    """All times that decide over a child, in seconds.

    `ready` is for a new process, and for each new try of one that could not have its source;
    `first_frame` for one that was ready and is asked to start. Without a frame for `silent`,
    viewers are told; for `hung`, the child is killed. So it is when it takes longer than `hung` to
    stop. A child at rest gives no frame and is asked for a sign of life every `pulse`; one that
    owes it for so long is told of, and killed, likewise. A child that lived for `healthy` ends the
    back-off.
    """

    ready: float = 8.0
    first_frame: float = 4.0
    silent: float = 1.0
    pulse: float = 0.7
    """With `silent` it stays below the 2 s within which a frozen camera is to be seen."""
    hung: float = 2.0
    healthy: float = 30.0
    pauses: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
    brief: float = 4.0
    """The longest pause after a child that gave pictures: it may well give them again at once, and
    with a second for its start the picture is back within 5 s."""

    def pause(self, failures: int, *, gave_pictures: bool) -> float:
        """Return how long to wait after a child failed, with so many failures before it."""
        pause = self.pauses[min(failures, len(self.pauses) - 1)]
        return min(pause, self.brief) if gave_pictures else pause
