"""Screens that show a number: likes today, how many watch, and the idle screen."""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from likelight.appreciation.screens import palette
from likelight.appreciation.screens.canvas import Canvas, Drawn
from likelight.appreciation.screens.geometry import geometry
from likelight.appreciation.screens.layout import TITLE_LINES, Area, Line
from likelight.appreciation.screens.models import CountScreen, IdleScreen
from likelight.assets.breaking import Ink, ink_of, join, split, wrap
from likelight.assets.crew_words import CrewWords
from likelight.assets.fonts import Face, face_of
from likelight.assets.typeface import CAP_PER_EM, cap_height, rise
from likelight_hw.ports import DisplayInfo, Rgb

_ICON: Final = 1.16
"""Edge of an icon beside a number, in heights of its figures: then they look equally tall."""
_ICON_GAP: Final = 0.28
"""Space between that icon and the number, in heights of the figures."""
_ROW_GAP: Final = 0.7
"""Space between two rows, in heights of the lower one's capitals."""
_DESCENDER: Final = 0.36
"""The space for letters below the last baseline, in heights of its capitals."""
_LARGEST: Final = 0.36
"""Height of the largest figures, as a share of the panel's height."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of text, with an icon before it or none, in type of `em` pixels.

    In a script that is read from right to left the icon is at the right.
    """

    text: str
    em: int
    colour: Rgb
    bold: bool = True
    icon: str | None = None
    rtl: bool = False

    @property
    def face(self) -> Face:
        return face_of(self.text)

    @property
    def ink(self) -> Ink:
        return ink_of(self.text, self.em, self.bold, self.face)

    @property
    def rise(self) -> int:
        """How far its letters usually rise above the baseline."""
        return rise(self.em, self.face)

    @property
    def cap(self) -> int:
        return cap_height(self.em)

    @property
    def icon_size(self) -> int:
        return round(self.cap * _ICON) if self.icon else 0

    @property
    def indent(self) -> int:
        """The distance of the text from the end of the row at which reading begins."""
        return self.icon_size + round(self.cap * _ICON_GAP) if self.icon else 0

    @property
    def width(self) -> float:
        left, _, right, _ = self.ink
        return self.indent + right - left


def count(screen: CountScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw the likes of today, then, if known, how many watch; each on its page."""
    words = screen.words
    likes = words.spellings(screen.likes_today)
    pages = [_figure(likes, words.today, "heart", screen, panel)]
    if screen.viewers is not None:
        band = words.band(screen.viewers)
        pages.append(_figure((band,), words.watching_as(screen.viewers), None, screen, panel))
    return pages


def idle(screen: IdleScreen, panel: DisplayInfo) -> list[Drawn]:
    """Draw the idle screen: that all is quiet, or how many watch, and the likes of the day so far.

    When the line takes more room in the crew's language, the likes may need a page of their own.
    """
    sizes, words = geometry(panel), screen.words
    area = sizes.below_tally if screen.on_air else sizes.plain
    widest = sizes.width - 2 * sizes.side
    day = [_day(screen.likes_today, words, sizes.ems.floor, widest)] if screen.likes_today else []
    text = words.quiet
    if screen.viewers is not None:
        text = words.so_many(screen.viewers)
    line = _Row(text, sizes.em_wanted, palette.INK)
    if line.width > widest or not _inside([line, *day], area):
        line = replace(line, em=sizes.ems.floor)
    rows = _broken(line, widest)
    short = len(rows) <= TITLE_LINES and _inside(rows, area, widest)
    if screen.viewers is not None and not short:
        label = _Row(words.watching_as(screen.viewers), sizes.ems.floor, palette.INK, bold=False)
        rows = [replace(line, text=words.band(screen.viewers)), *_broken(label, widest)]
    together = not day or len(rows) == 1 or _inside([*rows, *day], area)
    pages = [[*rows, *day]] if together else [rows, day]
    drawn = []
    for rows in pages:
        canvas = Canvas(panel)
        canvas.glow(sizes.width // 2, sizes.height, sizes.height * 7 // 8)
        if screen.on_air:
            canvas.tally(sizes)
        drawn.append((canvas.image, _draw(canvas, rows, area)))
    return drawn


def _day(likes: int, words: CrewWords, em: int, widest: int) -> _Row:
    """Return the likes of the day, in as many words as there is room for."""
    numbers = words.spellings(likes)
    texts = (join(split(words.so_many_today.format(number=numbers[0]))), *numbers)
    rows = [_Row(text, em, palette.MUTED, False, "heart", words.rtl) for text in texts]
    return next((row for row in rows if row.width <= widest), rows[-1])


def _broken(row: _Row, widest: int) -> list[_Row]:
    """Return `row` in as few lines as its words need to be no wider than `widest`."""
    words = split(row.text)
    whole = replace(row, text=join(words))
    if whole.width > widest:
        for count in range(2, len(words) + 1):
            lines = wrap(words, [widest] * count, row.em, row.bold)
            if lines is not None:
                return [replace(row, text=line) for line in lines]
    return [whole]


def _figure(
    spellings: tuple[str, ...],
    label: str,
    icon: str | None,
    screen: CountScreen,
    panel: DisplayInfo,
) -> Drawn:
    """Draw a number over its label; while the camera is on air, below its bar.

    It takes the first spelling that fits at the floor; it drops the icon before it takes a shorter
    one.
    """
    sizes = geometry(panel)
    area = sizes.below_tally if screen.on_air else sizes.plain
    canvas = Canvas(panel)
    if screen.on_air:
        canvas.tally(sizes)
    below = _Row(label, sizes.ems.floor, palette.MUTED, bold=False)
    labels = _broken(below, sizes.width - 2 * sizes.side)
    largest = max(sizes.ems.floor, round(sizes.height * _LARGEST / CAP_PER_EM))
    ways = [(number, with_icon) for number in spellings for with_icon in (icon, None)]
    for number, with_icon in ways:
        for em in range(largest, sizes.ems.floor - 1, -1):
            top = _Row(number, em, palette.INK, icon=with_icon, rtl=screen.words.rtl)
            rows = [top, *labels]
            if _fits(rows, area):
                return canvas.image, _draw(canvas, rows, area)
    rows = [_Row(spellings[-1], sizes.ems.floor, palette.INK), *labels]
    return canvas.image, _draw(canvas, rows, area)


def _baselines(rows: list[_Row], area: Area) -> list[int]:
    """Return the baselines of the rows, the whole centred; equal descenders above and below.

    Arabic letters go deeper: rows that would leave the area at the bottom are moved up.
    """
    gaps = [round(_ROW_GAP * lower.cap) for _, lower in pairwise(rows)]
    depth = sum(row.rise for row in rows) + sum(gaps)
    below = depth + math.ceil(rows[-1].ink[3])
    y = min((area.top + area.bottom - depth) // 2, area.bottom - below)
    baselines = []
    for row, gap in zip(rows, [*gaps, 0], strict=True):
        baselines.append(y + row.rise)
        y += row.rise + gap
    return baselines


def _fits(rows: list[_Row], area: Area) -> bool:
    baselines = _baselines(rows, area)
    tops = [baseline - row.rise for row, baseline in zip(rows, baselines, strict=True)]
    bottom = baselines[-1] + max(rows[-1].cap * _DESCENDER, rows[-1].ink[3])
    return (
        tops[0] >= area.top
        and bottom <= area.bottom
        and all(
            row.width <= area.width - 2 * area.left(top)
            for row, top in zip(rows, tops, strict=True)
        )
    )


def _inside(rows: list[_Row], area: Area, widest: float = math.inf) -> bool:
    """Return whether the rows' ink is inside the area from top to bottom, none over `widest`."""
    first = _baselines(rows, area)[0]
    return first + rows[0].ink[1] >= area.top and all(row.width <= widest for row in rows)


def _draw(canvas: Canvas, rows: list[_Row], area: Area) -> tuple[str, ...]:
    """Draw the rows, each centred with its icon, and return their words."""
    drawn: tuple[str, ...] = ()
    for row, baseline in zip(rows, _baselines(rows, area), strict=True):
        left = round(area.centre(baseline - row.rise, row.width) - row.width / 2)
        start = left if row.rtl else left + row.indent
        if row.icon:
            y = baseline - row.cap // 2 - row.icon_size // 2
            x = round(left + row.width) - row.icon_size if row.rtl else left
            canvas.icon(row.icon, x, y, row.icon_size, palette.icon_colour(row.icon))
        middle = start + (row.width - row.indent) / 2
        line = Line(row.text, middle, baseline, row.em, row.bold, row.face)
        drawn += canvas.text([line], row.colour)
    return drawn
