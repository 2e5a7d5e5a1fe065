"""Setting words on one page: the largest type that fits, in balanced, centred lines.

All measures are pixels.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise, product

from likelight.assets.breaking import (
    Ink,
    Words,
    ink_of,
    length,
    whole_words,
    wrap,
)
from likelight.assets.fonts import Face
from likelight.assets.typeface import cap_height, leading, rise

MAX_LINES = 4
TITLE_LINES = 2
"""A title is read in passing, from a distance."""
_PARAGRAPH_GAP = 0.22
"""Extra distance between two paragraphs, in em of the second."""
_OPTICAL_LIFT = 0.015
"""A share of the area's height: text looks centred when it stands a little above the centre."""

_MOST_SHRINKING = 0.24
"""The share of the largest size that may be given up for lines of similar length."""
_RAGGED = 0.45
"""What it costs when one line is much shorter than the others, as a share of the size."""
_PUSHED = 1.0
"""What it costs when the corner moves a line out of the middle by half the panel's width."""


@dataclass(frozen=True, slots=True)
class Ems:
    """The sizes that type may have: never below the floor, and no larger than the ceiling."""

    floor: int
    ceiling: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words of one weight, on `most` lines. `ratio` is their em as a share of the block's; never
    below the floor."""

    words: Words
    bold: bool = True
    ratio: float = 1.0
    most: int = MAX_LINES


@dataclass(frozen=True, slots=True)
class Area:
    """Where text may stand: `side` from the left and the right, from `top` down to `bottom`.

    `corner` is the edge of the square that the glyph takes in the upper left, the space around it
    included; 0 for none. Lines beside it may move to the right of the centre, as far as they must.
    """

    width: int
    side: int
    top: int
    bottom: int
    corner: int = 0

    def left(self, ink_top: float) -> int:
        """Return where a line whose highest ink is at `ink_top` may begin."""
        return self.side if ink_top >= self.corner else max(self.side, self.corner)

    def line_width(self, ink_top: float) -> int:
        """Return how wide that line may be."""
        return self.width - self.side - self.left(ink_top)

    def centre(self, ink_top: float, width: float) -> float:
        """Return the middle of that line: the panel's own, or just clear of the corner."""
        return max(self.width / 2, self.left(ink_top) + width / 2)


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it will be drawn: centred on `x`, standing on `baseline`."""

    text: str
    x: float
    baseline: int
    em: int
    bold: bool
    face: Face = Face.LATIN

    @property
    def top(self) -> int:
        """Where the tops of its letters usually are."""
        return self.baseline - rise(self.em, self.face)


def fit(paragraphs: Sequence[Paragraph], area: Area, ems: Ems) -> tuple[Line, ...] | None:
    """Set all paragraphs on one page, in the largest type that fits, or in slightly smaller type if
    its lines look better. Return None when even the floor is too large.

    No paragraph is set below the floor, and all of them take at most four lines. A word is broken
    only where it must be.
    """
    paragraphs = unbroken(paragraphs, area, ems)
    if setting(paragraphs, area, ems.floor, ems) is None:
        return None
    largest, too_large = ems.floor, ems.ceiling + 1
    while too_large - largest > 1:
        em = (largest + too_large) // 2
        if setting(paragraphs, area, em, ems) is None:
            too_large = em
        else:
            largest = em
    least = max(ems.floor, round(largest * (1 - _MOST_SHRINKING)))
    sizes = {round(least + (largest - least) * step / 4) for step in range(5)}
    settings = [setting(paragraphs, area, em, ems) for em in sorted(sizes)]
    return max((lines for lines in settings if lines), key=lambda lines: _score(lines, area))


def unbroken(paragraphs: Sequence[Paragraph], area: Area, ems: Ems) -> Sequence[Paragraph]:
    """Return the paragraphs without places for hyphens, if they fit like that at the floor."""
    whole = [replace(each, words=whole_words(each.words)) for each in paragraphs]
    return paragraphs if setting(whole, area, ems.floor, ems) is None else whole


def setting(
    paragraphs: Sequence[Paragraph], area: Area, em: int, ems: Ems
) -> tuple[Line, ...] | None:
    """Set all paragraphs with the block's em at `em`, in as few lines as they need; or None."""
    own = [max(ems.floor, round(em * paragraph.ratio)) for paragraph in paragraphs]
    distance = max(leading(paragraph.words.face) for paragraph in paragraphs)
    for counts in _line_counts(paragraphs):
        sizes = [em for em, count in zip(own, counts, strict=True) for _ in range(count)]
        starts = [line == 0 for count in counts for line in range(count)]
        baselines = _baselines(sizes, starts, distance, area)
        lines: list[Line] = []
        for paragraph, size, count in zip(paragraphs, own, counts, strict=True):
            mine = baselines[len(lines) : len(lines) + count]
            top = rise(size, paragraph.words.face)
            widths = [area.line_width(baseline - top) for baseline in mine]
            texts = wrap(paragraph.words, widths, size, paragraph.bold)
            if texts is None:
                break
            lines += [
                Line(text, area.width / 2, baseline, size, paragraph.bold, paragraph.words.face)
                for text, baseline in zip(texts, mine, strict=True)
            ]
        else:
            placed = _placed(lines, area)
            if placed is not None:
                return placed
    return None


def _line_counts(paragraphs: Sequence[Paragraph]) -> Iterator[tuple[int, ...]]:
    """Yield how many lines each paragraph may take, the fewest in all first."""
    counts = product(*(range(1, paragraph.most + 1) for paragraph in paragraphs))
    yield from sorted((each for each in counts if sum(each) <= MAX_LINES), key=sum)


def _baselines(
    ems: Sequence[int], first_of_paragraph: Sequence[bool], distance: float, area: Area
) -> list[int]:
    """Return the baselines of lines of these sizes, the whole optically centred in the area.

    `distance` is that from one baseline to the next, in em.
    """
    steps = [float(cap_height(ems[0]))]
    for (above, em), first in zip(pairwise(ems), first_of_paragraph[1:], strict=True):
        steps.append(distance * (above + em) / 2 + (_PARAGRAPH_GAP * em if first else 0))
    available = area.bottom - area.top
    offset = area.top + (available - sum(steps)) / 2 - _OPTICAL_LIFT * available
    return [round(offset + depth) for depth in accumulate(steps)]


def _placed(lines: Sequence[Line], area: Area) -> tuple[Line, ...] | None:
    """Move lines up or down until their ink lies inside the area, and clear of the corner.

    None when there is no such place.
    """
    inks = [ink_of(line.text, line.em, line.bold, line.face) for line in lines]
    top = min(line.baseline + ink[1] for line, ink in zip(lines, inks, strict=True))
    bottom = max(line.baseline + ink[3] for line, ink in zip(lines, inks, strict=True))
    shift = max(0, math.ceil(area.top - top)) or -max(0, math.ceil(bottom - area.bottom))
    if top + shift < area.top or bottom + shift > area.bottom:
        return None
    placed = _centred(lines, inks, shift, area)
    below_corner = area.corner - math.floor(_highest(lines[0], inks[0]))
    if any(line.x > area.width / 2 for line in placed) and bottom + below_corner <= area.bottom:
        placed = _centred(lines, inks, below_corner, area)
    fits = all(
        ink[2] - ink[0] <= area.line_width(_highest(line, ink))
        for line, ink in zip(placed, inks, strict=True)
    )
    return placed if fits else None


def _centred(
    lines: Sequence[Line], inks: Sequence[Ink], shift: int, area: Area
) -> tuple[Line, ...]:
    """Return the lines moved down by `shift`, each centred where it then stands."""
    return tuple(
        replace(
            line,
            baseline=line.baseline + shift,
            x=area.centre(_highest(line, ink) + shift, ink[2] - ink[0]),
        )
        for line, ink in zip(lines, inks, strict=True)
    )


def _highest(line: Line, ink: Ink) -> float:
    """Return the real top of the line: some letters and dots rise above the usual height."""
    return min(line.top, line.baseline + ink[1])


def _score(lines: tuple[Line, ...], area: Area) -> float:
    """Return the size of the type, less the cost of lines that are uneven or out of the middle."""
    ragged = 0.0
    for bold in (True, False):
        lengths = [_length(line) for line in lines if line.bold == bold]
        if any(lengths):
            ragged = max(ragged, 1 - min(lengths) / max(lengths))
    middle = area.width / 2
    pushed = max(line.x - middle for line in lines) / middle
    return max(line.em for line in lines) * (1 - _RAGGED * ragged - _PUSHED * pushed)


def _length(line: Line) -> float:
    return length(line.text, line.em, line.bold, line.face)
