"""The camera's picture on the panel, so that somebody can aim the camera."""

import io

from PIL import Image, ImageOps

from likelight.appreciation.screens.canvas import Canvas, Drawn
from likelight.appreciation.screens.geometry import geometry
from likelight.appreciation.screens.models import AimScreen
from likelight_hw.ports import DisplayInfo


def aim(screen: AimScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw the whole picture below the on-air bar, on a panel in colour. Raises `OSError`."""
    sizes, canvas = geometry(panel), Canvas(panel)
    top = sizes.inset + sizes.tally
    with Image.open(io.BytesIO(screen.jpeg), formats=["JPEG"]) as jpeg:
        # The decoder does most of the shrinking.
        jpeg.draft("RGB", (panel.width, panel.height))
        picture = ImageOps.contain(jpeg.convert("RGB"), (panel.width, panel.height - top))
    left = (panel.width - picture.width) // 2
    canvas.image.paste(picture, (left, top + (panel.height - top - picture.height) // 2))
    canvas.tally(sizes)
    return [(canvas.image, ())]
