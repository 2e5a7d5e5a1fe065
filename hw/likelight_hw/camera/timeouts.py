"""How long the daemon waits for its camera child, and how long between two children."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CameraTimeouts:
    """All time limits and pauses for a child, in seconds."""

    ready_s: float = 8.0
    """From the start of a process, or its last report of trouble, until its source is open."""
    first_frame_s: float = 4.0
    """From the request to start until the first picture."""
    silent_s: float = 1.0
    """Without a picture, or an answer to a ping, for this long: viewers get the placeholder."""
    hung_s: float = 2.0
    """Without one for this long, or without having stopped when asked to: the child is killed."""
    ping_every_s: float = 0.7
    """A child at rest gives no pictures, so it is asked for an answer this often. With `silent_s`
    it stays below the 2 s within which a frozen camera must be seen."""
    healthy_s: float = 30.0
    """A child that was ready for this long ends the back-off."""
    pauses_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
    """Before the next child, after the first failure, the second, and so on."""
    brief_pause_s: float = 4.0
    """The longest pause after a child that gave pictures: the next one probably gives some at once,
    and with a second for its start the picture is back within 5 s."""
