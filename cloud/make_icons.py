"""Draw the pages' icons as pixels, for what reads no SVG: a phone's home screen, /favicon.ico.

Run it after a change of the heart, and commit what it writes.
"""

from pathlib import Path
from typing import Final

from PIL import Image

from likelight.assets.icon_pixels import mask

STATIC: Final = Path(__file__).parent / "likelight_cloud" / "page" / "static"
HEART: Final = "#C2255C"
PAPER: Final = "#FFF9F0"


def on_paper(size: int) -> Image.Image:
    """Return the heart in the middle 60 %: a launcher may cut off all beyond the middle 80 %."""
    heart = round(size * 0.6)
    icon = Image.new("RGB", (size, size), PAPER)
    edge = (size - heart) // 2
    icon.paste(HEART, (edge, edge), mask("heart", heart))
    return icon


def bare(size: int) -> Image.Image:
    """Return the heart alone."""
    icon = Image.new("RGBA", (size, size))
    icon.paste(HEART, (0, 0), mask("heart", size))
    return icon


def main() -> None:
    """Write the files."""
    on_paper(180).save(STATIC / "touch.png", optimize=True)
    on_paper(512).save(STATIC / "icon-512.png", optimize=True)
    bare(32).save(STATIC / "favicon.ico", append_images=[bare(16)], sizes=[(16, 16), (32, 32)])


if __name__ == "__main__":
    main()
