"""What a placeholder says in each state in which no camera frame is shown: LOOK.md's words."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from likelight.contract import State

WORDS: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.IDLE: "Waking the camera…",
        State.PRIVATE: "The crew is taking a private moment.",
        State.CLOSED: "The kitchen is closed.",
        State.FAULT: "The camera is having trouble.",
        State.OFF: "The camera is switched off.",
        State.OFFLINE: "We can't reach the kitchen right now.",
        State.INTERRUPTED: "The kitchen's line is interrupted.",
    }
)

PAPER: Final = (0x17, 0x14, 0x11)
INK: Final = (0xFF, 0xF3, 0xE2)
PRIVATE_INK: Final = (0x8A, 0xB8, 0xE6)
"""Colours in sRGB: red, green and blue, each 0..255."""

SIMULATED: Final = "SIMULATED"
"""The badge on every picture that no real sensor took."""
