"""How the lamp looks at any instant: pure functions of time.

A base layer says how the kitchen is doing; gestures rise above it and always return to it. Times
are seconds of any one clock, levels are perceived brightness 0..1.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

from likelight.appreciation.lamp.effects import (
    ATTACK_S,
    BASES,
    FAINTEST_DIM,
    Base,
    Effect,
    Key,
    likes,
    likes_of,
    welcome,
)
from likelight.appreciation.lamp.gesture import Gesture, ease
from likelight.appreciation.lamp.palette import BRAND, Palette, mix
from likelight.appreciation.lamp.patterns import Pattern
from likelight_hw.lamps.governor import without_saturated_red
from likelight_hw.ports import LightFrame, Rgb

CROSSFADE_S = 0.8
# From this lift on the lamp has the gesture's colour alone; below, it has part of the base's.
_FULL_COLOUR = 0.30
_NOTHING = 0.0, (0, 0, 0)

LIKES, WELCOME = "likes", "welcome"
"""The slots of the gestures that stand for likes: together they are one glow of one colour."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the lamp does: its base, and the gestures over it.

    Immutable; each event gives a new scene, which looks the same at the moment of the event.
    With `dim` below 1 (by night) the base is dark, and gestures rise by that share. By day the
    base moves by `pattern`, where it has one, round after round.
    """

    base: Base = Base.QUIET
    pattern: Pattern | None = None
    dim: float = 1.0
    faded_from: LightFrame = BASES[Base.QUIET]
    dimmed_from: float = 1.0
    based_at: float = -math.inf
    gestures: tuple[Gesture, ...] = ()
    palette: Palette = BRAND

    def with_base(self, base: Base, at: float, pattern: Pattern | None = None) -> "Scene":
        """Fade to another base, or another pattern of it."""
        if (base, pattern) == (self.base, self.pattern):
            return self
        return replace(self._fading(at, base, self.dim), pattern=pattern)

    def with_dim(self, dim: float, at: float) -> "Scene":
        """Fade to a night of this share, 0..1, or with 1 back to the day."""
        return self if dim == self.dim else self._fading(at, self.base, dim)

    def with_likes(self, count: int, at: float) -> "Scene":
        """Glow for `count` likes (1 or more), on top of the glow that is there."""
        bound = max(self._bound(LIKES, at), self._bound(WELCOME, at))
        # A rise under way keeps its end: if it began again, the new like would be shown later.
        before = self._of(LIKES)
        rising = before.start + before.keys[1].at - at if before else 0.0
        attack = max(rising, ATTACK_S / 2) if rising > 0 else ATTACK_S
        swell = likes(count + likes_of(bound), attack=attack, least=bound)
        return self._with(LIKES, swell, at, origin=self._glow(at))

    def with_welcome(self, count: int, at: float) -> "Scene":
        """Glow once, long and slowly, for `count` likes that came during an outage."""
        swell = welcome(count, least=self._bound(LIKES, at))
        return self._with(WELCOME, swell, at, origin=self._glow(at))

    def with_effect(self, effect: Effect, at: float, *, slot: str | None = None) -> "Scene":
        """Show `effect` in place of what `slot` (by default its name) shows."""
        slot = slot or effect.name
        return self._with(slot, effect, at, origin=self._lift(slot, at))

    def with_later(self, effect: Effect, start: float, *, slot: str) -> "Scene":
        """Show `effect` from `start` on, which lies ahead, in a `slot` that is free."""
        later = Gesture(slot, start, effect.keys, effect.dimmed)
        return replace(self, gestures=(*self.gestures, later))

    def silenced(self, at: float, slots: str = "") -> "Scene":
        """Let gestures fade to the base, and drop those that have not begun; only gestures whose
        slot's name begins with `slots`.
        """
        base = self.base_frame(at).rgb
        gestures = []
        for gesture in self.gestures:
            if not gesture.slot.startswith(slots):
                gestures.append(gesture)
            elif gesture.start <= at < gesture.end:
                lift, rgb = gesture.look(at, self.palette, base)
                keys = (Key(0.0, lift, rgb), Key(CROSSFADE_S, 0.0, rgb))
                gestures.append(Gesture(gesture.slot, at, keys, gesture.dimmed))
        return replace(self, gestures=tuple(gestures))

    def glow(self, at: float) -> float:
        """Return the lift, as seen, of the gestures that stand for likes."""
        return self._glow(at) * self.share(at)

    def glows(self, at: float) -> bool:
        """Return whether such a gesture is under way, however faint."""
        return self._glow(at) > 0

    def share(self, at: float) -> float:
        """Return the share of their lift that dimmed gestures have now."""
        return self.dimmed_from + (self.dim - self.dimmed_from) * self._faded(at)

    def base_frame(self, at: float) -> LightFrame:
        """Return the base layer alone."""
        begin, end = self.faded_from, BASES[self.base]
        if self.dim < 1:
            end = replace(end, level=0.0)
        share = self._faded(at)
        if share == 1:
            moving = self._round(at)
            return replace(end, level=end.level + moving.lift(at)) if moving else end
        level = begin.level + (end.level - begin.level) * share
        return LightFrame(level, mix(begin.rgb, end.rgb, share))

    def frame(self, at: float) -> LightFrame:
        """Return what the lamp should show."""
        base = self.base_frame(at)
        share = self.share(at)
        layers: dict[str, tuple[float, Rgb]] = {}
        for gesture in self.gestures:
            lift, rgb = gesture.look(at, self.palette, base.rgb)
            lift *= share if gesture.dimmed else 1.0
            layer = LIKES if gesture.slot == WELCOME else gesture.slot
            if lift > layers.get(layer, _NOTHING)[0]:
                layers[layer] = lift, rgb
        if not layers:
            return base
        highest = max(lift for lift, _ in layers.values())
        full = _FULL_COLOUR * max(share, FAINTEST_DIM)
        rgb = mix(base.rgb, _average(layers.values()), min(1.0, highest / full))
        return LightFrame(min(1.0, base.level + highest), without_saturated_red(rgb))

    def still_until(self, at: float) -> float:
        """Return `at` while anything moves, else when it next will; infinity at rest."""
        if at < self.based_at + CROSSFADE_S:
            return at
        moving = [*self.gestures, *([one] if (one := self._round(at)) else [])]
        return min((gesture.still_until(at) for gesture in moving), default=math.inf)

    def _round(self, at: float) -> Gesture | None:
        """Return the round of the pattern that is under way."""
        if self.pattern is None or self.dim < 1:
            return None
        keys, begin = self.pattern.keys, self.based_at + CROSSFADE_S
        rounds = math.floor((at - begin) / keys[-1].at)
        return Gesture("pattern", begin + rounds * keys[-1].at, keys, dimmed=False)

    def _fading(self, at: float, base: Base, dim: float) -> "Scene":
        return replace(
            self,
            base=base,
            dim=dim,
            faded_from=self.base_frame(at),
            dimmed_from=self.share(at),
            based_at=at,
        )

    def _faded(self, at: float) -> float:
        """Return how much of the fade from the last base to this one is done."""
        return ease((at - self.based_at) / CROSSFADE_S)

    def _with(self, slot: str, effect: Effect, at: float, *, origin: float) -> "Scene":
        first = replace(effect.keys[0], lift=origin)
        if replaced := self._of(slot):
            base = self.base_frame(at).rgb
            first = replace(first, tint=replaced.look(at, self.palette, base)[1])
        gesture = Gesture(slot, at, (first, *effect.keys[1:]), effect.dimmed)
        others = (other for other in self.gestures if other.slot != slot and other.end > at)
        return replace(self, gestures=(*others, gesture))

    def _of(self, slot: str) -> Gesture | None:
        return next((gesture for gesture in self.gestures if gesture.slot == slot), None)

    def _lift(self, slot: str, at: float) -> float:
        gesture = self._of(slot)
        return gesture.lift(at) if gesture else 0.0

    def _bound(self, slot: str, at: float) -> float:
        gesture = self._of(slot)
        return gesture.bound(at) if gesture else 0.0

    def _glow(self, at: float) -> float:
        return max(self._lift(LIKES, at), self._lift(WELCOME, at))


def _average(looks: Collection[tuple[float, Rgb]]) -> Rgb:
    """Return the mean colour, each weighted by its lift."""
    weight = sum(lift for lift, _ in looks)
    red, green, blue = (round(sum(lift * rgb[i] for lift, rgb in looks) / weight) for i in range(3))
    return red, green, blue
