"""Care for a panel: how bright it is when, and how its picture moves so that it does not burn in.

Pure functions. OLEDs that showed the same picture for a year became unreadable, even at a quarter
of their light (pikvm #994, #1368).
"""

from typing import Final

from PIL import Image, ImageDraw

from likelight.appreciation.screens import palette
from likelight.appreciation.screens.geometry import ORBIT

DAY: Final = 1.0
DAY_BURNS_IN: Final = 0.57
"""A quarter of an OLED's light, as perceived brightness (CIE 1931)."""
READABLE: Final = 0.15
"""The least brightness for somebody who pressed a button at night."""
REST_AFTER_S: Final = 600.0
"""A panel that burns in goes dark when it has shown the same for this long."""
LOOK_S: Final = 10.0
LOOK_EVERY_S: Final = 60.0
"""While something needs the crew, a resting panel shows it for 10 s a minute."""
SHIFT_EVERY_S: Final = 60.0

_SIDE: Final = 2 * ORBIT + 1


def brightness(
    *, burns_in: bool, quiet: bool, night: float, attended: bool, still_s: float, needed: bool
) -> float:
    """Return how bright a panel should be, perceived, 0..1; 0 is dark.

    `quiet` is the crew's quiet hours, `night` their brightness for panels that don't burn in.
    `attended`: somebody pressed a button a moment ago, or reads a note. `still_s` is how long the
    panel has shown the same, and `needed` whether the crew should do something about it.
    """
    day = DAY_BURNS_IN if burns_in else DAY
    if quiet:
        asleep = 0.0 if burns_in else night
        return min(day, max(night, READABLE)) if attended else asleep
    if not burns_in or attended or still_s < REST_AFTER_S:
        return day
    resting_s = (still_s - REST_AFTER_S) % LOOK_EVERY_S
    return day if needed and resting_s >= LOOK_EVERY_S - LOOK_S else 0.0


def orbit(step: int) -> tuple[int, int]:
    """Return how far a picture is moved right and down at `step`, each -ORBIT..ORBIT.

    It moves through a square row by row and back, one pixel a step: nobody sees it move, and all
    pixels of the panel share the load.
    """
    places = _SIDE * _SIDE
    at = step % (2 * places - 2)
    if at >= places:
        at = 2 * places - 2 - at
    down, along = divmod(at, _SIDE)
    right = along if down % 2 == 0 else _SIDE - 1 - along
    return right - ORBIT, down - ORBIT


def moved(image: Image.Image, right: int, down: int) -> Image.Image:
    """Return `image` moved by `right` and `down` pixels, on the panel's own dark background."""
    if not (right or down):
        return image
    background = palette.PAPER if image.mode == "RGB" else 0
    background_image = Image.new(image.mode, image.size, background)
    background_image.paste(image, (right, down))
    return background_image


def framed(image: Image.Image) -> Image.Image:
    """Return `image` with a frame around it, which acknowledges a press."""
    copy = image.copy()
    width = max(ORBIT, image.height // 40)
    colour = palette.GLOW if image.mode == "RGB" else 1
    box = (0, 0, image.width - 1, image.height - 1)
    ImageDraw.Draw(copy).rectangle(box, outline=colour, width=width)
    return copy
