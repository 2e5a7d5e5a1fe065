"""What the daemon knows of one camera child."""

import asyncio

from likelight_hw.child.link import ChildLink


class ChildState:
    """One child, as its packets describe it. Times are the event loop's, in seconds."""

    def __init__(self, now: float) -> None:
        self.link: ChildLink | None = None
        """The link to the child, once it has got its configuration."""
        self.changed = asyncio.Event()
        """Set when the watchdog has to look again."""
        self.began_at = now
        """When the process was started, or began to try its source again."""
        self.ready_at: float | None = None
        """Since when its source is open."""
        self.asked_at = now
        """When it was last asked to start or to stop."""
        self.frame_at: float | None = None
        """When its last picture came, since it was asked to start."""
        self.answered_at = now
        """When it last answered a ping."""
        self.pinged_at: float | None = None
        """When the oldest ping was sent that it has not answered."""
        self.stream = 0
        """The start that it serves (`DesiredState.stream`); 0 while its sensor is off."""
        self.gave_pictures = False
        self.made_placeholders = False
        self.trouble: str | None = None
        """Why it can't open its source, which it tries again by itself."""

    def note_ready(self, now: float) -> None:
        """The source is open, and the placeholders have been sent."""
        self.made_placeholders = True
        self.trouble = None
        self.ready_at = self.asked_at = self.answered_at = now
        self.pinged_at = None
        self.changed.set()

    def note_trouble(self, reason: str, now: float) -> None:
        """The source is lost. The process itself works, and tries to open the source again."""
        self.trouble = reason
        self.began_at = now
        self.ready_at = self.frame_at = self.pinged_at = None
        self.stream = 0
        self.changed.set()

    def note_resting(self) -> None:
        """Sensor and encoders are off."""
        self.stream = 0
        self.changed.set()

    def note_answer(self, now: float) -> None:
        """The newest ping has been answered."""
        self.answered_at, self.pinged_at = now, None

    def note_frame(self, now: float) -> None:
        """A picture of the present stream has come."""
        self.frame_at = now
        self.gave_pictures = True

    def note_request(self, now: float) -> None:
        """It has been asked to start or to stop."""
        self.asked_at = now
        self.frame_at = None
        self.changed.set()

    def worked_s(self, now: float) -> float:
        """Return for how long its source has been open."""
        return 0.0 if self.ready_at is None else now - self.ready_at
