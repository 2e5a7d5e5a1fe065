"""The colours of the panels: the dark theme of LOOK.md, calm in a dim corner of a kitchen."""

from typing import Final

from likelight_hw.ports import Rgb

PAPER: Final[Rgb] = (0x17, 0x14, 0x11)
INK: Final[Rgb] = (0xFF, 0xF3, 0xE2)
MUTED: Final[Rgb] = (0xB8, 0xAB, 0x9B)
HEART: Final[Rgb] = (0xFF, 0x7F, 0xA6)
ON_AIR: Final[Rgb] = (0xC9, 0x2A, 0x2A)
"""A light is this red in both themes."""
FAULT: Final[Rgb] = (0xFF, 0x6B, 0x6B)
PRIVATE: Final[Rgb] = (0x8A, 0xB8, 0xE6)
WELL: Final[Rgb] = (0x7F, 0xD3, 0x96)
LINE: Final[Rgb] = (0x3A, 0x33, 0x2C)
GLOW: Final[Rgb] = (0xFF, 0xD9, 0xA0)

_OWN: Final[dict[str, Rgb]] = {
    "heart": HEART,
    "camera_crossed": PRIVATE,
    "check": WELL,
    "cross": FAULT,
}


def icon_colour(name: str) -> Rgb:
    """Return an icon's colour: some have their own, the others have the lamp's."""
    return _OWN.get(name, GLOW)
