"""The screen that pairs a device with a kitchen: a code to type, and one to scan if it fits.

The person who pairs stands in front of the panel with a phone. The code to type is still large
enough for the reading distance, so that somebody can read it out to a person across the kitchen.
"""

from dataclasses import replace
from typing import Final

from likelight.appreciation.screens import palette
from likelight.appreciation.screens.canvas import Canvas, Drawn
from likelight.appreciation.screens.geometry import Geometry, geometry
from likelight.appreciation.screens.layout import Area, Line, Paragraph, fit
from likelight.appreciation.screens.models import PairingScreen
from likelight.appreciation.screens.paging import paginate
from likelight.assets.breaking import split
from likelight_hw.ports import DisplayInfo

QUIET_ZONE: Final = 4
"""Modules of light ground around the code (ISO/IEC 18004)."""
LEAST_MODULE: Final = 3
"""In pixels: with less, a phone's camera can't tell the modules of these panels apart."""
_QR_CONCESSION: Final = 0.7
"""How small the code to scan may become so that both codes fit on one page."""
_LABEL: Final = 0.6
"""Size of the words above the code, as a share of the code's; never below the floor."""


def pairing(screen: PairingScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw both codes side by side, else on two pages, else only the code to type."""
    sizes = geometry(panel)
    rows = _modules(screen.url) if panel.mode == "RGB" else []
    across = len(rows) + 2 * QUIET_ZONE
    largest = (min(sizes.width, sizes.height) - 2 * sizes.corner) // across
    if not rows or largest < LEAST_MODULE:
        return _typed(screen, panel)
    least = max(LEAST_MODULE, round(largest * _QR_CONCESSION))
    for module in range(largest, least - 1, -1):
        lines = _beside(screen, sizes.corner + module * across, sizes)
        if lines is not None:
            canvas = Canvas(panel)
            top = (sizes.height - module * across) // 2
            canvas.matrix(rows, sizes.corner, top, module, QUIET_ZONE)
            return [(canvas.image, _write(canvas, lines))]
    canvas = Canvas(panel)
    at = ((sizes.width - largest * across) // 2, (sizes.height - largest * across) // 2)
    canvas.matrix(rows, *at, largest, QUIET_ZONE)
    return [(canvas.image, ()), *_typed(screen, panel)]


def _modules(url: str) -> list[bytearray]:
    """Return the rows of the QR code, dark modules as 1; level M can still be read on a greasy
    panel."""
    import segno  # noqa: PLC0415  only a device that is not paired yet ever needs it

    return [bytearray(row) for row in segno.make(url, error="m", micro=False).matrix]


def _beside(screen: PairingScreen, taken: int, sizes: Geometry) -> tuple[Line, ...] | None:
    """Set the words and the code in the space that is left; None when they don't fit there."""
    area = Area(sizes.width - taken, sizes.side, sizes.rim, sizes.height - sizes.rim)
    lines = fit(_labelled(screen.words.scan, screen.code), area, sizes.ems)
    if lines is None:
        lines = fit([Paragraph(split(screen.code))], area, sizes.ems)
    return lines and tuple(replace(line, x=line.x + taken) for line in lines)


def _typed(screen: PairingScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw the code to type, with the words above it if there is room."""
    sizes, code = geometry(panel), screen.code
    labelled = fit(_labelled(screen.words.code, code), sizes.beside_glyph, sizes.ems)
    settings = [labelled] if labelled else paginate(code, sizes.beside_glyph, sizes.ems, bold=True)
    drawn = []
    for lines in settings or [()]:
        canvas = Canvas(panel)
        canvas.tile("phone", sizes)
        drawn.append((canvas.image, _write(canvas, lines)))
    return drawn


def _labelled(label: str, code: str) -> list[Paragraph]:
    return [Paragraph(split(label), bold=False, ratio=_LABEL), Paragraph(split(code))]


def _write(canvas: Canvas, lines: tuple[Line, ...]) -> tuple[str, ...]:
    said = canvas.text([line for line in lines if not line.bold], palette.MUTED)
    return said + canvas.text([line for line in lines if line.bold], palette.INK)
