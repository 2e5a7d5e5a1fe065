"""How the lamp looks at any instant: pure functions of time.

A base layer says how the kitchen is doing; gestures swell over it and always return to it. More
likes make the glow brighter and longer, on a logarithmic scale, and never faster. Times are
seconds of any one clock, levels perceived brightness 0..1.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from likelight_hw.ports import LightFrame, Rgb

# The lamp's colours. Flashing red and amber mean fire and fryers in a kitchen, so no gesture has
# them: a note is the heart's pink, one step lighter than on paper because #C2255C itself is, as
# light, a saturated red.
GLOW: Rgb = (0xFF, 0xD9, 0xA0)
HEART: Rgb = (0xE6, 0x49, 0x80)
WELL: Rgb = (0x9F, 0xE0, 0xB0)


class Base(StrEnum):
    """What the lamp shows while nothing happens."""

    QUIET = "quiet"
    ON_AIR = "on_air"
    PRIVATE = "private"
    OFFLINE = "offline"


# All dim: the strongest glow (+ 0.68) on the brightest base stays below 1, so that a like is
# seen on any of them.
BASES: dict[Base, LightFrame] = {
    Base.QUIET: LightFrame(0.20, (0xFF, 0xC9, 0x8A)),
    Base.ON_AIR: LightFrame(0.26, (0xFF, 0xD1, 0x96)),
    Base.PRIVATE: LightFrame(0.14, (0x8A, 0xB8, 0xE6)),
    Base.OFFLINE: LightFrame(0.06, (0xFF, 0xC9, 0x8A)),
}

CROSSFADE_S = 0.8
_ATTACK_S = 0.20

# One like lifts the lamp by 0.42, a hundred by 0.55, ten thousand and more by 0.68.
_LIFT_ONE = 0.42
_LIFT_PER_DECADE = 0.065
_DECADES = 4.0
# From this lift on the lamp has all of a gesture's colour; below, part of the base's.
_FULL_COLOUR = 0.30


@dataclass(frozen=True, slots=True)
class Swell:
    """One gesture: from the lift `origin` at `start` to `peak`, a hold, a return to nothing.

    The rise starts steeply, because it answers somebody; the return eases in and out. Durations
    are seconds; a lift is what is added to the base's level.
    """

    start: float
    attack: float
    hold: float
    decay: float
    peak: float
    origin: float = 0.0

    def lift(self, at: float) -> float:
        """Return how far the lamp is above its base because of this gesture."""
        if at >= self.end:
            return 0.0
        age = max(0.0, at - self.start)
        if age < self.attack:
            return self.origin + (self.peak - self.origin) * (1 - (1 - age / self.attack) ** 3)
        fading = (age - self.attack - self.hold) / self.decay
        return self.peak * (1 - _ease(fading))

    def bound(self, at: float) -> float:
        """Return the lift that the lamp is on its way to, holds, or falls back from."""
        return self.peak if at <= self.start + self.attack + self.hold else self.lift(at)

    def still_until(self, at: float) -> float:
        """Return `at` while the lift changes, else when it next will."""
        if at <= self.start:
            return at
        for moving, until in (
            (True, self.start + self.attack),
            (False, self.start + self.attack + self.hold),
            (True, self.end),
        ):
            if at < until:
                return at if moving else until
        return math.inf

    @property
    def end(self) -> float:
        return self.start + self.attack + self.hold + self.decay


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the lamp does: its base, and the gestures over it.

    Immutable; each event gives a new scene, which at the instant of the event looks the same.
    """

    base: Base = Base.QUIET
    faded_from: LightFrame = BASES[Base.QUIET]
    based_at: float = -math.inf
    likes: Swell | None = None
    welcome: Swell | None = None
    note: Swell | None = None
    thanks: Swell | None = None

    def with_base(self, base: Base, at: float) -> "Scene":
        """Fade to another base."""
        if base is self.base:
            return self
        return replace(self, base=base, faded_from=self.base_frame(at), based_at=at)

    def with_likes(self, count: int, at: float) -> "Scene":
        """Glow for `count` likes (1 or more), on top of the glow that is there."""
        glow = self.glow(at)
        bound = max(_bound(self.likes, at), _bound(self.welcome, at))
        decades = _decades(count + _likes_of(bound))
        # A rise under way keeps its end: begun anew, it would be slower for the new like.
        rising = self.likes.start + self.likes.attack - at if self.likes else 0.0
        swell = Swell(
            start=at,
            attack=max(rising, _ATTACK_S / 2) if rising > 0 else _ATTACK_S,
            hold=0.6 + 0.85 * decades,
            decay=1.8 + 0.55 * decades,
            peak=max(bound, _lift_of(decades)),
            origin=glow,
        )
        return replace(self, likes=swell)

    def with_welcome(self, count: int, at: float) -> "Scene":
        """One long, slow glow for `count` likes that an outage left over."""
        glow = self.glow(at)
        peak = max(_bound(self.likes, at), _lift_of(_decades(count)))
        swell = Swell(at, attack=1.2, hold=3.0, decay=5.0, peak=peak, origin=glow)
        return replace(self, welcome=swell)

    def with_note(self, at: float) -> "Scene":
        """A slower, pink swell: there is something to read."""
        origin = _lift(self.note, at)
        swell = Swell(at, attack=0.45, hold=1.6, decay=2.2, peak=0.40, origin=origin)
        return replace(self, note=swell)

    def with_thanks(self, at: float) -> "Scene":
        """A short, green answer to the crew's button."""
        origin = _lift(self.thanks, at)
        swell = Swell(at, attack=0.30, hold=0.4, decay=1.4, peak=0.30, origin=origin)
        return replace(self, thanks=swell)

    def glow(self, at: float) -> float:
        """Return the lift of the gestures that stand for likes."""
        return max(_lift(self.likes, at), _lift(self.welcome, at))

    def base_frame(self, at: float) -> LightFrame:
        """Return the base layer alone."""
        begin, end = self.faded_from, BASES[self.base]
        if at >= self.based_at + CROSSFADE_S:
            return end
        share = _ease((at - self.based_at) / CROSSFADE_S)
        level = begin.level + (end.level - begin.level) * share
        return LightFrame(level, _mix(begin.rgb, end.rgb, share))

    def frame(self, at: float) -> LightFrame:
        """Return what the lamp should show."""
        base = self.base_frame(at)
        layers = (
            (self.glow(at), GLOW),
            (_lift(self.note, at), HEART),
            (_lift(self.thanks, at), WELL),
        )
        lifts = [(lift, rgb) for lift, rgb in layers if lift > 0]
        if not lifts:
            return base
        colour, weight = GLOW, 0.0
        for lift, rgb in lifts:
            weight += lift
            colour = _mix(colour, rgb, lift / weight)
        lift = max(lift for lift, _ in lifts)
        rgb = _mix(base.rgb, colour, min(1.0, lift / _FULL_COLOUR))
        return LightFrame(min(1.0, base.level + lift), rgb)

    def still_until(self, at: float) -> float:
        """Return `at` while anything moves, else when it next will; infinity at rest."""
        if at < self.based_at + CROSSFADE_S:
            return at
        swells = (self.likes, self.welcome, self.note, self.thanks)
        return min((swell.still_until(at) for swell in swells if swell), default=math.inf)


def _lift(swell: Swell | None, at: float) -> float:
    return swell.lift(at) if swell else 0.0


def _bound(swell: Swell | None, at: float) -> float:
    return swell.bound(at) if swell else 0.0


def _decades(count: float) -> float:
    return min(math.log10(count), _DECADES)


def _lift_of(decades: float) -> float:
    return _LIFT_ONE + _LIFT_PER_DECADE * decades


def _likes_of(glow: float) -> float:
    """Return how many likes a glow stands for; none, when it is weaker than that of one."""
    return 10 ** ((glow - _LIFT_ONE) / _LIFT_PER_DECADE) if glow >= _LIFT_ONE else 0.0


def _ease(share: float) -> float:
    """Smoothstep: 0..1 to 0..1, level at both ends; clamped outside."""
    share = min(max(0.0, share), 1.0)
    return share * share * (3 - 2 * share)


def _mix(begin: Rgb, end: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(begin, end, strict=True))
    return red, green, blue
