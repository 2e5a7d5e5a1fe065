"""The lamp's colours: warm white, the brand's colours, and which are not allowed.

In a kitchen, red and amber that come and go mean fire or a fryer, so no gesture has them.
"""

import colorsys
from dataclasses import dataclass
from enum import StrEnum

from likelight_hw.lamps.governor import without_saturated_red
from likelight_hw.ports import Rgb


class Tint(StrEnum):
    """A colour by what it stands for."""

    BASE = "base"
    """Whatever colour the base has."""
    GLOW = "glow"
    HEART = "heart"
    WELL = "well"
    WHITE = "white"
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


# A light is seen by the colour of what it shines at, not against paper: a heart of full channel
# with a little white in it is the pink that the page's #C2255C looks like there, and as far from
# saturated red as a lamp's pink has to be.
_WHITE_IN_HEART = 0.15
# Degrees of hue, over 0, and the saturation from which on it is the colour of an alarm: the glow
# itself, #FFD9A0, has amber's hue and 0.37.
_RED_TO_AMBER = (345.0, 55.0)
_PALE = 0.5

WHITE: Rgb = (0xFF, 0xFF, 0xFF)


class Alarming(ValueError):
    """The colour means danger in a kitchen; the message says so, and what to do."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours, as light, of likes and of notes."""

    glow: Rgb
    heart: Rgb

    def rgb(self, tint: Tint | Rgb, base: Rgb) -> Rgb:
        """Return the colour that `tint` is, over a base of the colour `base`."""
        if not isinstance(tint, Tint):
            return tint
        match tint:
            case Tint.BASE:
                return base
            case Tint.GLOW:
                return self.glow
            case Tint.HEART:
                return self.heart
        return _FIXED[tint]


_FIXED: dict[Tint, Rgb] = {
    Tint.WELL: (0x9F, 0xE0, 0xB0),
    Tint.WHITE: WHITE,
    Tint.RED: (0xFF, 0x6E, 0x6E),
    Tint.GREEN: (0x6E, 0xFF, 0x6E),
    Tint.BLUE: (0x6E, 0x6E, 0xFF),
}


def brand(glow: str, heart: str) -> Palette:
    """Return the lamp's palette of a brand's two colours, each "#RRGGBB".

    Raises `ValueError` when one is not a colour, and `Alarming` for red and amber.
    """
    return Palette(
        glow=without_saturated_red(_full(safe(glow))),
        heart=without_saturated_red(mix(_full(safe(heart)), WHITE, _WHITE_IN_HEART)),
    )


def mix(begin: Rgb, end: Rgb, share: float) -> Rgb:
    """Return the colour that is `share`, 0..1, of the way from `begin` to `end`."""
    if begin == end:
        return begin
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(begin, end, strict=True))
    return red, green, blue


def safe(colour: str) -> Rgb:
    """Return the colour "#RRGGBB". Raises `ValueError`, or `Alarming` for red and amber."""
    digits = colour.removeprefix("#")
    if len(digits) != 6 or not colour.startswith("#"):
        raise ValueError(f'{colour} is not a colour; write it as "#C2255C"')
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError:
        raise ValueError(f'{colour} is not a colour; write it as "#C2255C"') from None
    if max(red, green, blue) == 0:
        raise ValueError(f"{colour} is black, which no lamp can show; choose a colour")
    hue, saturation, _ = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    first, last = _RED_TO_AMBER
    if saturation > _PALE and not last < hue * 360 < first:
        # A little more than the share of white with which the saturation is `_PALE`.
        paler = mix(_full((red, green, blue)), WHITE, 1.02 - _PALE / saturation)
        raise Alarming(
            f"{colour} is red or amber, which on a lamp in a kitchen means fire or a fryer that "
            f"calls. Choose a paler one, such as #{bytes(paler).hex().upper()}, or another hue"
        )
    return red, green, blue


def _full(rgb: Rgb) -> Rgb:
    """Return `rgb` with its strongest channel at 255: the level says how bright it is."""
    red, green, blue = (round(channel * 255 / max(rgb)) for channel in rgb)
    return red, green, blue


BRAND = brand(glow="#FFD9A0", heart="#C2255C")
