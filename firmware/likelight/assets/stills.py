"""The packaged stills that stand in for the camera: one keyframe and one JPEG per state.

Device and relay show them. They are drawn from placeholder_words.py, and
tests/golden/feed/test_placeholders.py keeps them true to it.
"""

from dataclasses import dataclass
from pathlib import Path

from likelight.contract import State

FOLDER = Path(__file__).parent / "placeholders"
SIZE = (1280, 720)

STATES = (State.IDLE, State.PRIVATE, State.CLOSED, State.FAULT, State.OFF)


@dataclass(frozen=True, slots=True)
class Still:
    """What is shown in `state`: one keyframe (Annex B, with SPS and PPS) and one JPEG."""

    state: State
    width: int
    height: int
    access_unit: bytes
    jpeg: bytes


def load(*, simulated: bool) -> tuple[Still, ...]:
    """Read the still of each state in which no camera frame leaves; blocks."""
    return tuple(
        Still(
            state,
            *SIZE,
            file(state.value, "h264", simulated=simulated).read_bytes(),
            file(state.value, "jpg", simulated=simulated).read_bytes(),
        )
        for state in STATES
    )


def file(name: str, suffix: str, *, simulated: bool) -> Path:
    """Return where the still `name` is kept; `suffix` is h264 or jpg."""
    return FOLDER / f"{name}{'-simulated' if simulated else ''}.{suffix}"
