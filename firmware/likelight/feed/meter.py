"""Counts of what the feed sent, in plain integers: cheap 30 times a second, read at a scrape."""

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, replace

from likelight.contract import State

AGE_BOUNDS_US = (5_000, 10_000, 20_000, 35_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)
"""Upper bounds of the classes in which frames are counted by their age, in microseconds."""

_RATE_OVER_US = 2_000_000
_MOST_FRAMES = 128  # 2 s at 60 frames a second, and a few


@dataclass(frozen=True, slots=True)
class Traffic:
    """One protocol: viewers now, and bytes and skips of all viewers since the start.

    `sent` counts the bytes that have left user space.
    """

    viewers: int = 0
    sent: int = 0
    skips: int = 0

    def __add__(self, other: "Traffic") -> "Traffic":
        return Traffic(
            self.viewers + other.viewers, self.sent + other.sent, self.skips + other.skips
        )

    def __sub__(self, other: "Traffic") -> "Traffic":
        return Traffic(
            self.viewers - other.viewers, self.sent - other.sent, self.skips - other.skips
        )


OFF_AIR = (State.PRIVATE, State.CLOSED, State.OFF)
"""One state for all that is kept: figures must not tell when the crew pressed PRIVACY."""


class OnAirTraffic:
    """What counts of the traffic: nothing of the time off the air.

    The picture and the words that go out then have a size of their own for each state, and a rate
    would tell a press of PRIVACY from the end of the opening hours.
    """

    def __init__(self) -> None:
        self._departed: dict[str, Traffic] = {}
        self._uncounted: dict[str, Traffic] = {}
        self._when_shut: dict[str, Traffic] | None = None

    def depart(self, protocol: str, traffic: Traffic) -> None:
        """Remember the `traffic` of a viewer that is gone."""
        before = self._departed.get(protocol, Traffic())
        self._departed[protocol] = before + replace(traffic, viewers=0)

    def turn(self, state: State, present: dict[str, Traffic]) -> None:
        """Take the new `state`, and the traffic of the `present` viewers by protocol."""
        traffic = self._with_departed(present)
        if state in OFF_AIR:
            self._when_shut = self._when_shut or traffic
        elif self._when_shut is not None:
            for protocol, before in self._when_shut.items():
                meanwhile = traffic[protocol] - before
                self._uncounted[protocol] = self._uncounted.get(protocol, Traffic()) + meanwhile
            self._when_shut = None

    def counted(self, present: dict[str, Traffic]) -> dict[str, Traffic]:
        """Return what counts so far, and the viewers of now; `present` as in `turn`."""
        traffic = self._with_departed(present)
        counted = self._when_shut or traffic
        return {
            protocol: replace(
                counted[protocol] - self._uncounted.get(protocol, Traffic()), viewers=now.viewers
            )
            for protocol, now in traffic.items()
        }

    def _with_departed(self, present: dict[str, Traffic]) -> dict[str, Traffic]:
        return {
            protocol: now + self._departed.get(protocol, Traffic())
            for protocol, now in present.items()
        }


class Meter:
    """Counts the camera's frames, and how old each was when it had been written to all viewers.

    The age counts from the sensor's time stamp; `ages` has one count per class of `AGE_BOUNDS_US`,
    and one for frames that are older still.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.pictures = 0
        self.age_us = 0
        self.ages_sum_us = 0
        self.ages = [0] * (len(AGE_BOUNDS_US) + 1)
        self._captures: deque[int] = deque(maxlen=_MOST_FRAMES)

    def frame(self, captured_us: int, now_us: int) -> None:
        """Count one H.264 frame of the camera, written just now."""
        self.frames += 1
        if self._captures and captured_us < self._captures[-1]:
            self._captures.clear()  # they are of a clock that has been set back since
        self._captures.append(captured_us)
        # A clock that was set back must not give an age that no histogram can hold.
        age = self.age_us = max(0, now_us - captured_us)
        self.ages_sum_us += age
        self.ages[bisect_left(AGE_BOUNDS_US, age)] += 1

    def picture(self) -> None:
        """Count one JPEG of the camera."""
        self.pictures += 1

    def fps(self, now_us: int) -> float:
        """Return the rate of H.264 frames over the last two seconds."""
        recent = sum(abs(now_us - captured) <= _RATE_OVER_US for captured in self._captures)
        return recent * 1_000_000 / _RATE_OVER_US
