"""The packaged placeholders, 1280x720: for a camera that never started, and so never drew its own.

tests/golden/feed/test_placeholders.py draws the files and keeps them true to cards.py.
"""

from likelight.assets import stills
from likelight.assets.stills import FOLDER, SIZE, file
from likelight_hw.ports import Placeholder

__all__ = ["FOLDER", "SIZE", "file", "load"]


def load(*, simulated: bool) -> tuple[Placeholder, ...]:
    """Read the placeholder of each state in which no camera frame leaves; blocks."""
    return tuple(
        Placeholder(still.state.value, still.width, still.height, still.access_unit, still.jpeg)
        for still in stills.load(simulated=simulated)
    )
