"""The stills that stand in for the camera: one per state, in LOOK.md's words and colours."""

from likelight.assets import fonts
from likelight.contract import State
from likelight_hw.ports import Card, Rgb

PAPER: Rgb = (0x17, 0x14, 0x11)
INK: Rgb = (0xFF, 0xF3, 0xE2)
PRIVATE_INK: Rgb = (0x8A, 0xB8, 0xE6)
SIMULATED = "SIMULATED"
FONT = fonts.BOLD

WORDS = {
    State.IDLE: "Waking the camera…",
    State.PRIVATE: "The crew is taking a private moment.",
    State.CLOSED: "The kitchen is closed.",
    State.FAULT: "The camera is having trouble.",
    State.OFF: "The camera is switched off.",
}


def cards(*, simulated: bool) -> tuple[Card, ...]:
    """Return a card for every state in which no camera frame leaves."""
    return tuple(
        Card(
            name=state.value,
            title=title,
            paper=PAPER,
            ink=PRIVATE_INK if state is State.PRIVATE else INK,
            badge=SIMULATED if simulated else None,
        )
        for state, title in WORDS.items()
    )
