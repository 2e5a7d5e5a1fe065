"""What the lamp can show, as data: the bases, and for each effect a few keys in time.

More likes make the glow brighter and longer, on a logarithmic scale, and never faster. Levels and
lifts are perceived brightness 0..1.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from likelight.appreciation.lamp.palette import Tint
from likelight_hw.ports import LightFrame, Rgb


class Base(StrEnum):
    """What the lamp shows while nothing happens."""

    QUIET = "quiet"
    ON_AIR = "on_air"
    PRIVATE = "private"
    OFFLINE = "offline"
    SETUP = "setup"
    """A new device on its way to its cloud: a pattern moves above it."""


# All dim: the strongest gesture (+ 0.72) on the brightest base stays below 1, so that it is seen
# whole on any of them.
BASES: dict[Base, LightFrame] = {
    Base.QUIET: LightFrame(0.20, (0xFF, 0xC9, 0x8A)),
    Base.ON_AIR: LightFrame(0.26, (0xFF, 0xD1, 0x96)),
    Base.PRIVATE: LightFrame(0.14, (0x8A, 0xB8, 0xE6)),
    Base.OFFLINE: LightFrame(0.06, (0xFF, 0xC9, 0x8A)),
    # Neither the warm white of likes nor the blue of PRIVACY.
    Base.SETUP: LightFrame(0.06, (0xC9, 0xB0, 0xF0)),
}

LONGEST_S = 10.0
"""No effect moves for longer than this."""
FAINTEST_DIM = 0.3
"""With this share one like, whose lift is 0.42, still rises by the 0.1 that counts as lit."""
ATTACK_S = 0.20
"""How long the glow for likes takes to rise, for any number of likes."""

# One like lifts the lamp by 0.42, a hundred by 0.55, ten thousand and more by 0.68.
_LIFT_ONE = 0.42
_LIFT_PER_DECADE = 0.065
_DECADES = 4.0


@dataclass(frozen=True, slots=True)
class Key:
    """A point of a gesture: seconds after its start, lift above the base, and colour."""

    at: float
    lift: float
    tint: Tint | Rgb


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that the lamp can show. `means` says what it means, for the person who trains the
    crew.

    The first key lies at 0 s, the last lift is 0. By night an effect is `dimmed`, unless it
    answers the crew's own hand.
    """

    name: str
    means: str
    keys: tuple[Key, ...]
    dimmed: bool = True

    @property
    def seconds(self) -> float:
        return self.keys[-1].at


class UnknownEffect(Exception):
    """No effect has this name; the message lists those that exist."""


def decades(count: float) -> float:
    """Return the decimal logarithm of `count`, 4 at most."""
    return min(math.log10(count), _DECADES)


def likes_of(glow: float) -> float:
    """Return how many likes a glow stands for: 0 when it is weaker than that of one like."""
    return 10 ** ((glow - _LIFT_ONE) / _LIFT_PER_DECADE) if glow >= _LIFT_ONE else 0.0


def _glow(name: str, means: str, attack: float, hold: float, decay: float, peak: float) -> Effect:
    """Return an effect that rises and falls once, in warm white."""
    return Effect(
        name,
        means,
        (
            Key(0.0, 0.0, Tint.GLOW),
            Key(attack, peak, Tint.GLOW),
            Key(attack + hold, peak, Tint.GLOW),
            Key(attack + hold + decay, 0.0, Tint.GLOW),
        ),
    )


def likes(count: float, *, attack: float = ATTACK_S, least: float = 0.0) -> Effect:
    """Return the glow for `count` likes (1 or more), whose lift is `least` at least."""
    tens = decades(count)
    return _glow(
        "like" if count == 1 else "likes",
        "Somebody who watches likes what you do."
        if count == 1
        else "Many like it at once: brighter and longer, never faster.",
        attack=attack,
        hold=0.6 + 0.85 * tens,
        decay=1.8 + 0.55 * tens,
        peak=max(least, _LIFT_ONE + _LIFT_PER_DECADE * tens),
    )


def welcome(count: float, *, least: float = 0.0) -> Effect:
    """Return one long, slow glow for `count` likes that an outage left over."""
    return _glow(
        "welcome",
        "The internet is back: all likes from the outage, in one long glow.",
        attack=1.2,
        hold=3.0,
        decay=5.0,
        peak=max(least, _LIFT_ONE + _LIFT_PER_DECADE * decades(count)),
    )


NOTE = Effect(
    "note",
    "There is a note to read on the panel.",
    (
        Key(0.0, 0.0, Tint.HEART),
        Key(0.45, 0.40, Tint.HEART),
        Key(1.0, 0.40, Tint.HEART),
        Key(2.0, 0.20, Tint.HEART),
        Key(2.8, 0.40, Tint.HEART),
        Key(3.4, 0.40, Tint.HEART),
        Key(5.2, 0.0, Tint.HEART),
    ),
)
MILESTONE = Effect(
    "milestone",
    "A hundred likes in all, a thousand, ten thousand and so on; each once.",
    (
        Key(0.0, 0.0, Tint.GLOW),
        Key(0.8, 0.72, Tint.GLOW),
        Key(1.2, 0.72, Tint.GLOW),
        Key(2.6, 0.42, Tint.HEART),
        Key(4.0, 0.72, Tint.GLOW),
        Key(5.4, 0.42, Tint.HEART),
        Key(6.8, 0.72, Tint.GLOW),
        Key(7.4, 0.72, Tint.GLOW),
        Key(9.8, 0.0, Tint.HEART),
    ),
)
THANKS = Effect(
    "thanks",
    "Your THANKS is stored and on its way to everybody who wrote.",
    (
        Key(0.0, 0.0, Tint.WELL),
        Key(0.3, 0.30, Tint.WELL),
        Key(0.7, 0.30, Tint.WELL),
        Key(2.1, 0.0, Tint.WELL),
    ),
    dimmed=False,
)
# It must be seen 50 ms after the press, so the rise takes three frames of 20 ms.
FELT = Effect(
    "felt",
    "The button felt your finger.",
    (
        Key(0.0, 0.0, Tint.BASE),
        Key(0.06, 0.16, Tint.BASE),
        Key(0.16, 0.16, Tint.BASE),
        Key(0.76, 0.0, Tint.BASE),
    ),
    dimmed=False,
)
# One colour after the other, never dark in between: it shows a wire in the wrong place, and does
# not look like a signal.
TEST = Effect(
    "test",
    "White, red, green, blue: every channel of the lamp is wired right.",
    (
        Key(0.0, 0.0, Tint.WHITE),
        Key(0.6, 0.50, Tint.WHITE),
        Key(1.6, 0.50, Tint.WHITE),
        Key(2.4, 0.50, Tint.RED),
        Key(3.4, 0.50, Tint.RED),
        Key(4.2, 0.50, Tint.GREEN),
        Key(5.2, 0.50, Tint.GREEN),
        Key(6.0, 0.50, Tint.BLUE),
        Key(7.0, 0.50, Tint.BLUE),
        Key(8.4, 0.0, Tint.BLUE),
    ),
    dimmed=False,
)

EFFECTS: dict[str, Effect] = {
    effect.name: effect
    for effect in (likes(1), likes(100), NOTE, MILESTONE, welcome(1000), THANKS, FELT, TEST)
}
"""Every effect by its name; `likes` is that of a hundred, `welcome` that of a thousand."""


def effect(name: str) -> Effect:
    """Return the effect called `name`. Raises `UnknownEffect`."""
    if name not in EFFECTS:
        raise UnknownEffect(f"there is no effect {name}; there is: {', '.join(EFFECTS)}")
    return EFFECTS[name]


def milestone(before: int, total: int) -> int | None:
    """Return the milestone that lies above `before` and not above `total`; the highest, if any.

    With `before` as what the lamp has physically shown, which the device keeps, a milestone is
    celebrated once, even if the device starts again.
    """
    reached = 10 ** (len(str(max(total, 0))) - 1)
    return reached if reached >= 100 and before < reached <= total else None
