"""Several lamps that shine as one; those that don't answer are tried again."""

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from likelight_hw.ports import HardwareError, LightFrame, Lights

log = logging.getLogger(__name__)

RETRY_FIRST_S = 1.0
RETRY_MOST_S = 30.0
WELL_AFTER_S = 30.0
"""A lamp with a loose plug works now and then; one that worked for this long is well again."""


@dataclass(frozen=True, slots=True)
class Socket:
    """Where a lamp is wired: `open` gives its driver, or raises `HardwareError`."""

    simulated: bool
    open: Callable[[], Lights]


class LampGroup:
    """The lamps of a kitchen. It opens them when they are there, at the start or later.

    A lamp that fails costs nobody but itself: that is logged once, and it is opened again with
    back-off. `HardwareError` is raised when none is left; then each write tries all of them, and
    the caller has the back-off.

    Goes under a `FlashGovernor`, one for all. `monotonic` returns seconds.
    """

    def __init__(self, sockets: Iterable[Socket], monotonic: Callable[[], float]) -> None:
        self._members = [_Member(socket) for socket in sockets]
        self._monotonic = monotonic
        self.simulated = all(member.socket.simulated for member in self._members)
        for member in self._members:
            member.try_open(monotonic())
        self._tell_of_the_lost()

    def write(self, frame: LightFrame) -> LightFrame:
        """Show `frame` on all; return what a lamp that holds it back still shows, else `frame`."""
        now = self._monotonic()
        alone = all(member.lamp is None for member in self._members)
        for member in self._members:
            if member.lamp is None and (alone or now >= member.retry_at):
                member.try_open(now)
        answers = [member.write(frame, now) for member in self._members]
        self._tell_of_the_lost()
        shown = [answer for answer in answers if answer is not None]
        if not shown:
            raise HardwareError("; ".join(member.trouble for member in self._members))
        return next((answer for answer in shown if answer != frame), frame)

    def close(self) -> None:
        for member in self._members:
            member.close()

    def _tell_of_the_lost(self) -> None:
        """Log what came and went, once each; that all are gone is the caller's to tell."""
        if all(member.lamp is None for member in self._members):
            return
        for member in self._members:
            if member.lamp is None and not member.told:
                log.warning("One lamp does not answer: %s. The others go on", member.trouble)
            elif member.lamp is not None and member.told:
                log.info("A lamp that was lost answers again")
            member.told = member.lamp is None


class _Member:
    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.lamp: Lights | None = None
        self.trouble = ""
        self.told = False
        self.retry_at = -math.inf
        self._retry_s = RETRY_FIRST_S
        self._opened_at = -math.inf

    def try_open(self, now: float) -> None:
        try:
            self.lamp = self.socket.open()
        except HardwareError as error:
            self._lost(error, now)
        else:
            self._opened_at = now

    def write(self, frame: LightFrame, now: float) -> LightFrame | None:
        """Return what the lamp shows; None when it is gone."""
        if self.lamp is None:
            return None
        try:
            return self.lamp.write(frame)
        except HardwareError as error:
            self.lamp.close()
            self._lost(error, now)
            return None

    def close(self) -> None:
        """Switch off; the next write opens it again."""
        if self.lamp is not None:
            self.lamp.close()
            self.lamp = None
            self.retry_at = -math.inf

    def _lost(self, error: HardwareError, now: float) -> None:
        if self.lamp is not None and now - self._opened_at >= WELL_AFTER_S:
            self._retry_s = RETRY_FIRST_S
        self.lamp = None
        self.trouble = str(error)
        self.retry_at = now + self._retry_s
        self._retry_s = min(2 * self._retry_s, RETRY_MOST_S)
