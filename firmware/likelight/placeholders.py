"""The packaged placeholders, 1280x720: for a camera that never started, and so never drew its own.

tests/golden/test_placeholders.py draws the files and keeps them true to cards.py.
"""

from pathlib import Path

from likelight.cards import WORDS
from likelight_hw.ports import Placeholder

FOLDER = Path(__file__).parent / "assets" / "placeholders"
SIZE = (1280, 720)


def load(*, simulated: bool) -> tuple[Placeholder, ...]:
    """Read the placeholder of each state in which no camera frame leaves; blocks."""
    return tuple(
        Placeholder(
            state.value,
            *SIZE,
            file(state.value, "h264", simulated=simulated).read_bytes(),
            file(state.value, "jpg", simulated=simulated).read_bytes(),
        )
        for state in WORDS
    )


def file(name: str, suffix: str, *, simulated: bool) -> Path:
    """Return where the placeholder `name` is kept; `suffix` is h264 or jpg."""
    return FOLDER / f"{name}{'-simulated' if simulated else ''}.{suffix}"
