"""The typeface of likelight: Atkinson Hyperlegible, made by the Braille Institute for low vision.

Latin only; the licence (SIL OFL 1.1) lies beside the files. TTF is for the panels, WOFF2 for the
pages.
"""

from pathlib import Path
from typing import Final

_FOLDER = Path(__file__).with_name("fonts")

REGULAR: Final = _FOLDER / "AtkinsonHyperlegible-Regular.ttf"
BOLD: Final = _FOLDER / "AtkinsonHyperlegible-Bold.ttf"
REGULAR_WOFF2: Final = REGULAR.with_suffix(".woff2")
BOLD_WOFF2: Final = BOLD.with_suffix(".woff2")
LICENCE: Final = _FOLDER / "OFL.txt"
