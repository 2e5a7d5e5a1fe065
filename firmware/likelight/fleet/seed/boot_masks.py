"""The masks in a `likelight.txt`: `0,0 0.3,0 0.3,0.5; 0.8,0.8 1,0.8 1,1`, or `none`.

Corners are x,y in fractions of the picture, from the left and from the top; a `;` divides masks.
"""

import math
from typing import Final

Polygons = tuple[tuple[tuple[float, float], ...], ...]

EXAMPLE: Final = "0,0 0.3,0 0.3,0.5"
_NONE: Final = "none"
_MOST: Final = 32
_MOST_CORNERS: Final = 32
_WRITE: Final = f"write corners x,y in fractions of the picture, as in {EXAMPLE}, or {_NONE}"


def masks_of(cell: str) -> Polygons:
    """Return the masks that a line names. Raises `ValueError` with what to type."""
    if cell.lower() == _NONE:
        return ()
    masks = tuple(tuple(map(_corner, mask.split())) for mask in cell.split(";"))
    if len(masks) > _MOST:
        raise ValueError(f"there are {len(masks)} masks: write {_MOST} at most")
    for number, mask in enumerate(masks, 1):
        if not 3 <= len(mask) <= _MOST_CORNERS:
            raise ValueError(
                f"mask {number} has {len(mask)} corners: write 3 to {_MOST_CORNERS}, divided by "
                "blanks, and ; between masks"
            )
    return masks


def _corner(text: str) -> tuple[float, float]:
    x, comma, y = text.partition(",")
    try:
        corner = float(x), float(y)
    except ValueError:
        corner = math.nan, math.nan
    if not comma or not all(0 <= part <= 1 for part in corner):
        raise ValueError(_WRITE)
    return corner
