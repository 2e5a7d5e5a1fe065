"""Screens that are words and an icon: a note, thanks, privacy, and every state."""

from dataclasses import dataclass, replace

from likelight.appreciation.screens import palette, words
from likelight.appreciation.screens.breaking import split
from likelight.appreciation.screens.canvas import Canvas, Drawn
from likelight.appreciation.screens.geometry import Geometry, geometry
from likelight.appreciation.screens.layout import Line, Paragraph, fit
from likelight.appreciation.screens.models import (
    NoteScreen,
    PrivateScreen,
    StatusScreen,
    ThanksScreen,
)
from likelight.appreciation.screens.paging import paginate
from likelight.appreciation.screens.typeface import cap_height
from likelight_hw.ports import DisplayInfo

_DETAIL = 0.78
"""A state's second sentence, as a share of the first one's size."""


def note(screen: NoteScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw a note: its words and its icon in the lamp's light, nothing else."""
    return _card(screen.text, screen.icon, panel)


def thanks(_screen: ThanksScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw the answer to the THANKS button."""
    return _card(words.THANKS_SENT, "hands", panel)


def private(_screen: PrivateScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw what the crew must be sure of while the camera is off, and the way back."""
    return _state(words.CAMERA_OFF, words.PRESS_AGAIN, "camera_crossed", panel)


def status(screen: StatusScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw a state: what happened, then what still works or whom to call."""
    return _state(screen.title, screen.detail, screen.icon, panel)


@dataclass(frozen=True, slots=True)
class _Setting:
    """The lines of one page, and the size of the icon above them; None: it is in the corner."""

    lines: tuple[Line, ...]
    crown: int | None


def _card(text: str, icon: str, panel: DisplayInfo) -> list[Drawn]:
    sizes = geometry(panel)
    drawn = []
    for setting in _set_card(text, sizes):
        canvas = Canvas(panel)
        if setting.crown is None:
            _lit_icon(canvas, icon, sizes.corner, sizes.corner, sizes.glyph, sizes)
        else:
            first = setting.lines[0]
            x = (sizes.width - setting.crown) // 2
            y = first.baseline - cap_height(first.em) - sizes.gap - setting.crown
            _lit_icon(canvas, icon, x, y, setting.crown, sizes)
        drawn.append((canvas.image, canvas.text(setting.lines, palette.INK)))
    return drawn


def _set_card(text: str, sizes: Geometry) -> list[_Setting]:
    """Choose where the icon stands: above the words if these stay easy to read, else the corner."""
    whole = [Paragraph(split(text))]
    for floor in (sizes.em_wanted, sizes.ems.floor):
        for crown in (*sizes.crowns, None):
            area = sizes.beside_glyph if crown is None else sizes.below(crown)
            lines = fit(whole, area, replace(sizes.ems, floor=floor))
            if lines is not None:
                return [_Setting(lines, crown)]
    pages = paginate(text, sizes.beside_glyph, sizes.ems, bold=True)
    return [_Setting(lines, crown=None) for lines in pages or [()]]


def _lit_icon(canvas: Canvas, icon: str, x: int, y: int, size: int, sizes: Geometry) -> None:
    canvas.glow(x + size // 2, y + size // 2, sizes.height * 7 // 8)
    canvas.icon(icon, x, y, size, palette.icon_colour(icon))


def _state(title: str, detail: str, icon: str, panel: DisplayInfo) -> list[Drawn]:
    """Draw a state on one page if the type allows it, else each sentence on pages of its own."""
    sizes = geometry(panel)
    area = sizes.beside_glyph
    together = fit(
        [Paragraph(split(title)), Paragraph(split(detail), bold=False, ratio=_DETAIL)],
        area,
        sizes.ems,
    )
    pages = (
        [together]
        if together is not None
        else [
            *paginate(title, area, sizes.ems, bold=True),
            *paginate(detail, area, sizes.ems, bold=False),
        ]
        or [()]
    )
    drawn = []
    for lines in pages:
        canvas = Canvas(panel)
        canvas.icon(icon, sizes.corner, sizes.corner, sizes.glyph, palette.icon_colour(icon))
        second = palette.MUTED if together else palette.INK
        said = canvas.text([line for line in lines if line.bold], palette.INK)
        said += canvas.text([line for line in lines if not line.bold], second)
        drawn.append((canvas.image, said))
    return drawn
