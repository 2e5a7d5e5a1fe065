"""Where the packaged placeholders are: a keyframe and a JPEG per state, 1280x720 and 640x360.

Device and relay show them until a camera has drawn its own. tests/golden/feed/test_placeholders.py
draws the files, and compares them with placeholder_words.py.
"""

from pathlib import Path
from typing import Final, Literal

from likelight.assets import FOLDER
from likelight.contract import State

SIZE: Final = (1280, 720)
SMALL_SIZE: Final = (640, 360)
"""Width and height in pixels, of the main rendition and of the others."""


def placeholder_file(
    state: State, suffix: Literal["h264", "jpg"], *, simulated: bool, small: bool = False
) -> Path:
    """Return the file that holds the placeholder of `state`."""
    name = f"{state.value}{'-simulated' if simulated else ''}{'-small' if small else ''}"
    return FOLDER / "placeholders" / f"{name}.{suffix}"
