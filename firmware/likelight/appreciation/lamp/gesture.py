"""One gesture of the lamp: how far it lifts the lamp above its base, and in which colour."""

import math
from dataclasses import dataclass
from itertools import pairwise

from likelight.appreciation.lamp.effects import Key
from likelight.appreciation.lamp.palette import Palette, Tint, mix
from likelight_hw.ports import Rgb


@dataclass(frozen=True, slots=True)
class Gesture:
    """An effect that begins at `start`, from the lift that its slot has then.

    The first rise starts steeply, because it answers somebody; all other moves ease in and out.
    """

    slot: str
    start: float
    keys: tuple[Key, ...]
    dimmed: bool

    @property
    def end(self) -> float:
        return self.start + self.keys[-1].at

    def lift(self, at: float) -> float:
        """Return how far the lamp is above its base because of this gesture."""
        return self._here(at)[0]

    def bound(self, at: float) -> float:
        """Return the highest lift that the lamp has now or will still reach."""
        age = at - self.start
        return max(self.lift(at), *(key.lift for key in self.keys if key.at >= age), 0.0)

    def look(self, at: float, palette: Palette, base: Rgb) -> tuple[float, Rgb]:
        """Return lift and colour."""
        lift, begin, end, share = self._here(at)
        return lift, mix(palette.rgb(begin, base), palette.rgb(end, base), share)

    def still_until(self, at: float) -> float:
        """Return `at` while it changes, else when it next will."""
        age = at - self.start
        if age < 0:
            return self.start
        for begin, end in pairwise(self.keys):
            if age < end.at:
                moves = (begin.lift, begin.tint) != (end.lift, end.tint)
                return at if moves else self.start + end.at
        return math.inf

    def _here(self, at: float) -> tuple[float, Tint | Rgb, Tint | Rgb, float]:
        """Return the lift, the two colours between which it is, and how far it is."""
        age = at - self.start
        if age < 0:
            return 0.0, self.keys[0].tint, self.keys[0].tint, 0.0
        for begin, end in pairwise(self.keys):
            if age < end.at:
                share = (age - begin.at) / (end.at - begin.at)
                share = 1 - (1 - share) ** 3 if begin is self.keys[0] else ease(share)
                return begin.lift + (end.lift - begin.lift) * share, begin.tint, end.tint, share
        return 0.0, self.keys[-1].tint, self.keys[-1].tint, 0.0


def ease(share: float) -> float:
    """Smoothstep: 0..1 to 0..1, level at both ends; clamped outside."""
    share = min(max(0.0, share), 1.0)
    return share * share * (3 - 2 * share)
