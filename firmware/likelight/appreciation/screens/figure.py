"""Screens that are a number: likes today, how many watch, and the quiet in between."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from likelight.appreciation.screens import palette, words
from likelight.appreciation.screens.breaking import ink_of
from likelight.appreciation.screens.canvas import Canvas, Drawn
from likelight.appreciation.screens.geometry import geometry
from likelight.appreciation.screens.layout import Area, Line
from likelight.appreciation.screens.models import CountScreen, IdleScreen
from likelight.appreciation.screens.typeface import CAP_PER_EM, cap_height
from likelight_hw.ports import DisplayInfo, Rgb

_ICON: Final = 1.16
"""Edge of an icon beside a number, in heights of its figures: then they look equally tall."""
_ICON_GAP: Final = 0.28
"""Space between that icon and the number, in heights of the figures."""
_ROW_GAP: Final = 0.7
"""Space between two rows, in heights of the lower one's capitals."""
_DESCENDER: Final = 0.36
"""What hangs below the last baseline, in heights of its capitals."""
_LARGEST: Final = 0.36
"""Height of the largest figures, in heights of the panel: loud enough, and still calm."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of text, with an icon before it or none, in type of `em` pixels."""

    text: str
    em: int
    colour: Rgb
    bold: bool = True
    icon: str | None = None

    @property
    def cap(self) -> int:
        return cap_height(self.em)

    @property
    def icon_size(self) -> int:
        return round(self.cap * _ICON) if self.icon else 0

    @property
    def indent(self) -> int:
        """How far the text stands from the row's left end."""
        return self.icon_size + round(self.cap * _ICON_GAP) if self.icon else 0

    @property
    def width(self) -> float:
        left, _, right, _ = ink_of(self.text, self.em, self.bold)
        return self.indent + right - left


def count(screen: CountScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw the likes of today, then, if known, how many watch; each on its page."""
    likes = _spellings(screen.likes_today)
    pages = [_figure(likes, words.TODAY, "heart", screen.on_air, panel)]
    if screen.viewers is not None:
        band = screen.viewers.replace("-", "–")
        pages.append(_figure((band,), words.WATCHING, None, screen.on_air, panel))
    return pages


def idle(screen: IdleScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw the quiet: one line, and what the day has brought so far, if anything."""
    sizes = geometry(panel)
    canvas = Canvas(panel)
    canvas.glow(sizes.width // 2, sizes.height, sizes.height * 7 // 8)
    widest = sizes.width - 2 * sizes.side
    row = _Row(words.QUIET, sizes.em_wanted, palette.INK)
    rows = [row if row.width <= widest else replace(row, em=sizes.ems.floor)]
    if screen.likes_today:
        numbers = _spellings(screen.likes_today)
        texts = (*(f"{number} {words.TODAY}" for number in numbers[:1]), *numbers)
        below = [_Row(text, sizes.ems.floor, palette.MUTED, False, "heart") for text in texts]
        rows.append(next((row for row in below if row.width <= widest), below[-1]))
    return [(canvas.image, _draw(canvas, rows, sizes.plain))]


def _spellings(number: int) -> tuple[str, ...]:
    """Return ways to write `number`, the exact one first; a short one never says too much."""
    if number < 1000:
        return (str(number),)
    short = f"{number // 1000}k" if number < 10**6 else f"{number // 10**5 / 10:.1f}M"
    return f"{number:,}", short


def _figure(
    spellings: tuple[str, ...], label: str, icon: str | None, on_air: bool, panel: DisplayInfo
) -> Drawn:
    """Draw a number over its label; while the camera is on air, with its glyph in the corner.

    Of its spellings it takes the first that fits at the floor, rather without the icon than short.
    """
    sizes = geometry(panel)
    area = sizes.beside_glyph if on_air else sizes.plain
    canvas = Canvas(panel)
    if on_air:
        canvas.tile("camera", sizes)
    below = _Row(label, sizes.ems.floor, palette.MUTED, bold=False)
    largest = max(sizes.ems.floor, round(sizes.height * _LARGEST / CAP_PER_EM))
    ways = [(number, with_icon) for number in spellings for with_icon in (icon, None)]
    for number, with_icon in ways:
        for em in range(largest, sizes.ems.floor - 1, -1):
            rows = [_Row(number, em, palette.INK, icon=with_icon), below]
            if _fits(rows, area):
                return canvas.image, _draw(canvas, rows, area)
    rows = [_Row(spellings[-1], sizes.ems.floor, palette.INK), below]
    return canvas.image, _draw(canvas, rows, area)


def _baselines(rows: list[_Row], area: Area) -> list[int]:
    """Return the baselines of the rows, the whole centred; equal descenders above and below."""
    gaps = [round(_ROW_GAP * lower.cap) for _, lower in pairwise(rows)]
    depth = sum(row.cap for row in rows) + sum(gaps)
    y = (area.top + area.bottom - depth) // 2
    baselines = []
    for row, gap in zip(rows, [*gaps, 0], strict=True):
        baselines.append(y + row.cap)
        y += row.cap + gap
    return baselines


def _fits(rows: list[_Row], area: Area) -> bool:
    baselines = _baselines(rows, area)
    tops = [baseline - row.cap for row, baseline in zip(rows, baselines, strict=True)]
    bottom = baselines[-1] + rows[-1].cap * _DESCENDER
    return (
        tops[0] >= area.top
        and bottom <= area.bottom
        and all(
            row.width <= area.width - 2 * area.left(top)
            for row, top in zip(rows, tops, strict=True)
        )
    )


def _draw(canvas: Canvas, rows: list[_Row], area: Area) -> tuple[str, ...]:
    """Draw the rows, each centred with its icon, and return their words."""
    drawn: tuple[str, ...] = ()
    for row, baseline in zip(rows, _baselines(rows, area), strict=True):
        left = round(area.centre(baseline - row.cap, row.width) - row.width / 2)
        if row.icon:
            y = baseline - row.cap // 2 - row.icon_size // 2
            canvas.icon(row.icon, left, y, row.icon_size, palette.icon_colour(row.icon))
        middle = left + row.indent + (row.width - row.indent) / 2
        line = Line(row.text, middle, baseline, row.em, row.bold)
        drawn += canvas.text([line], row.colour)
    return drawn
