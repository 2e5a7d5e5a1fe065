"""Where the packaged placeholders are: one keyframe and one JPEG per state, 1280x720.

Device and relay show them until a camera has drawn its own. tests/golden/feed/test_placeholders.py
draws the files, and compares them with placeholder_words.py.
"""

from pathlib import Path
from typing import Final, Literal

from likelight.assets import FOLDER
from likelight.contract import State

SIZE: Final = (1280, 720)
"""Width and height of each, in pixels."""


def placeholder_file(state: State, suffix: Literal["h264", "jpg"], *, simulated: bool) -> Path:
    """Return the file that holds the placeholder of `state`."""
    return FOLDER / "placeholders" / f"{state.value}{'-simulated' if simulated else ''}.{suffix}"
