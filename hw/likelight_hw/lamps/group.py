"""Several lamps that show the same; those that don't answer are tried again."""

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from likelight_hw.backoff import RetryBackoff
from likelight_hw.lamps.governor import FRAME_S, WINDOW_S, FlashGovernor
from likelight_hw.ports import DARK, HardwareError, LightFrame, Lights

log = logging.getLogger(__name__)

RETRY_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
HEALTHY_S = 30.0
"""A lamp with a loose plug works now and then. After this long it counts as repaired."""


@dataclass(frozen=True, slots=True)
class LampSlot:
    """Where a lamp is wired: `open` gives its driver, or raises `HardwareError`."""

    simulated: bool
    open: Callable[[], Lights]


class LampGroup:
    """The lamps of a kitchen. It opens them when they are there, at the start or later.

    A lamp that fails does not disturb the others: that is logged once, and it is opened again with
    back-off. `HardwareError` is raised when none is left; then each write tries all of them, and
    the caller does the back-off.

    Goes under a `FlashGovernor`, one for all. `monotonic` returns seconds. A lamp that comes back
    rises by itself, which that governor doesn't see: so it comes under one of its own, until it has
    shown for a second what the others show.
    """

    def __init__(self, slots: Iterable[LampSlot], monotonic: Callable[[], float]) -> None:
        self._members = [_Member(slot) for slot in slots]
        self._monotonic = monotonic
        self._now = monotonic()
        self.solo: int | None = None
        """The lamp, from 0, that alone shows what is written; None: all do."""
        self.simulated = all(member.slot.simulated for member in self._members)
        for member in self._members:
            member.try_open(self._now)
        self._log_changes()

    def write(self, frame: LightFrame) -> LightFrame:
        """Show `frame` on all; return what a lamp that holds it back still shows, else `frame`."""
        now = self._now = self._monotonic()
        all_lost = all(member.lamp is None for member in self._members)
        for member in self._members:
            if member.lamp is None and (all_lost or now >= member.retry_at):
                # When all are lost, the governor of the group counts them as dark.
                member.try_open(now, None if all_lost else self._clock)
        answers = [
            member.write(frame if self.solo in (None, number) else DARK, now)
            for number, member in enumerate(self._members)
        ]
        self._log_changes()
        if self.solo is not None:
            answers = [answers[self.solo]]
        shown = [answer for answer in answers if answer is not None]
        if not shown:
            asked = self._members if self.solo is None else [self._members[self.solo]]
            raise HardwareError("; ".join(member.trouble for member in asked))
        return next((answer for answer in shown if answer != frame), frame)

    def close(self) -> None:
        for member in self._members:
            member.close()

    def _clock(self) -> float:
        """Return the time of the write: for all lamps the same."""
        return self._now

    def _log_changes(self) -> None:
        """Log each lamp that was lost or is back, once. When all are lost, the caller logs it."""
        if all(member.lamp is None for member in self._members):
            return
        for member in self._members:
            if member.lamp is None and not member.logged:
                log.warning("One lamp does not answer: %s. The others go on", member.trouble)
            elif member.lamp is not None and member.logged:
                log.info("A lamp that was lost answers again")
            member.logged = member.lamp is None


class GovernedLamps(FlashGovernor):
    """The lamps of a kitchen under their one governor: all the way that a frame goes."""

    def __init__(self, slots: Iterable[LampSlot], monotonic: Callable[[], float]) -> None:
        self._group = LampGroup(slots, monotonic)
        super().__init__(self._group, monotonic)

    def solo(self, number: int | None) -> None:
        """Let only the lamp `number`, from 0, show what is written next; None: let all.

        A lamp that is lit goes dark first, at once, and then all stay dark for a second.
        """
        if number == self._group.solo:
            return
        if self.shown != DARK:
            self.close()
        self._group.solo = number


class _Member:
    def __init__(self, slot: LampSlot) -> None:
        self.slot = slot
        self.lamp: Lights | None = None
        self.trouble = ""
        self.logged = False
        self.retry_at = -math.inf
        self._backoff = RetryBackoff(RETRY_PAUSES_S, healthy_s=HEALTHY_S)
        self._opened_at = -math.inf
        self._driver: Lights | None = None
        """The lamp without the governor that it came back under; None when it has none."""
        self._agrees_since = math.inf

    def try_open(self, now: float, governed: Callable[[], float] | None = None) -> None:
        """Open the lamp, `governed` by that clock until it goes with the others."""
        try:
            self.lamp = self.slot.open()
        except HardwareError as error:
            self._lost(error, now)
            return
        self._opened_at = now
        if governed is not None:
            self._driver, self.lamp = self.lamp, FlashGovernor(self.lamp, governed)
            self._agrees_since = math.inf

    def write(self, frame: LightFrame, now: float) -> LightFrame | None:
        """Return what the lamp shows; None when it is gone."""
        if self.lamp is None:
            return None
        if self._driver is not None and now - self._agrees_since > WINDOW_S + FRAME_S:
            self.lamp, self._driver = self._driver, None
        try:
            shown = self.lamp.write(frame)
        except HardwareError as error:
            self._switch_off()
            self._lost(error, now)
            return None
        self._agrees_since = min(self._agrees_since, now) if shown == frame else math.inf
        return shown

    def close(self) -> None:
        """Switch off; the next write opens it again."""
        if self.lamp is not None:
            self._switch_off()
            self.lamp = self._driver = None
            self.retry_at = -math.inf

    def _switch_off(self) -> None:
        """Close the lamp. An exception from a broken driver must not keep the other lamps lit."""
        try:
            if self.lamp is not None:
                self.lamp.close()
        except HardwareError as error:
            log.warning("A lamp may still be on: %s", error)
        except Exception as error:
            # A fault in a driver: its message alone does not say where it is.
            log.warning("A lamp may still be on: %s", error, exc_info=True)

    def _lost(self, error: HardwareError, now: float) -> None:
        worked_s = 0.0 if self.lamp is None else now - self._opened_at
        self.lamp = self._driver = None
        self.trouble = str(error)
        self.retry_at = now + self._backoff.pause_s(worked_s=worked_s)
