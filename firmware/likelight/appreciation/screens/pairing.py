"""The screen of a device that is not paired: the code to tell IT.

Somebody reads it out on the phone, with a finger on it: it is as large as the panel allows.
"""

from typing import Final

from likelight.appreciation.screens import palette
from likelight.appreciation.screens.canvas import Canvas, Drawn
from likelight.appreciation.screens.geometry import geometry
from likelight.appreciation.screens.layout import Line, Paragraph, fit
from likelight.appreciation.screens.models import PairingScreen
from likelight.appreciation.screens.paging import paginate
from likelight.assets.breaking import split
from likelight_hw.ports import DisplayInfo

_LABEL: Final = 0.6
"""Size of the words above the code, as a share of the code's; never below the floor."""


def pairing(screen: PairingScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw the code with the words above it for which there is room."""
    sizes, code, words = geometry(panel), screen.code, screen.words
    labelled = (
        fit(_labelled(label, code), sizes.beside_glyph, sizes.ems)
        for label in (words.tell_code, words.code)
    )
    fits = next((lines for lines in labelled if lines), None)
    settings = [fits] if fits else paginate(code, sizes.beside_glyph, sizes.ems, bold=True)
    drawn = []
    for lines in settings:
        canvas = Canvas(panel)
        canvas.tile("phone", sizes)
        drawn.append((canvas.image, _write(canvas, lines)))
    return drawn


def _labelled(label: str, code: str) -> list[Paragraph]:
    return [Paragraph(split(label), bold=False, ratio=_LABEL), Paragraph(split(code))]


def _write(canvas: Canvas, lines: tuple[Line, ...]) -> tuple[str, ...]:
    said = canvas.text([line for line in lines if not line.bold], palette.MUTED)
    return said + canvas.text([line for line in lines if line.bold], palette.INK)
