"""Setting words on as many pages as they need, so that the type stays readable."""

from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise

from likelight.appreciation.screens.layout import (
    MAX_LINES,
    Area,
    Ems,
    Line,
    Paragraph,
    fit,
    setting,
    unbroken,
)
from likelight.assets.breaking import Words, places, split
from likelight.assets.fonts import Face

_ENDS = ".!?。！？؟"
_STOPS = ",;:、،؛" + _ENDS
_MID_SENTENCE = 4
"""What a page break inside a sentence costs, counted in letters."""


def paginate(
    text: str, area: Area, ems: Ems, bold: bool, most: int = MAX_LINES, apart: bool = False
) -> tuple[tuple[Line, ...], ...]:
    """Set `text` on as few pages as it needs, all in the same type, the largest that fits.

    A page has at most `most` lines. `apart` begins a page for each sentence; else a page may have
    several. No page ends inside a sentence that fits on one: "The lamp works. If this stays" means
    another thing. A word wider than the panel is broken where it must be; nothing is left out.
    """

    def fits(words: Words) -> bool:
        return setting([Paragraph(words, bold, most=most)], area, ems.floor, ems) is not None

    whole = split(text)
    words = Words(
        (piece for word in whole for piece in _broken(word, whole.face, fits)), whole.face
    )
    groups = _sentences(words) if apart else (words,)
    parts = [part for group in groups for part in _parts(group, fits)]
    pages = [unbroken([Paragraph(part, bold, most=most)], area, ems) for part in parts]
    largest = [fit(page, area, ems) or () for page in pages]
    em = min((lines[0].em for lines in largest if lines), default=ems.floor)
    return tuple(
        setting(page, area, em, ems) or lines for page, lines in zip(pages, largest, strict=True)
    )


def _broken(word: str, face: Face, fits: Callable[[Words], bool]) -> Iterator[str]:
    """Yield `word` in the longest pieces that fit on a page each, one letter at least."""
    while not fits(Words([word], face)):
        # When no place that the rules allow gives a piece that fits, any other place is taken.
        anywhere = (end for end in range(len(word) - 1, 0, -1) if word[:end].strip())
        ends = [*places(word), *anywhere]
        if not ends:
            break
        end = next((end for end in ends if fits(Words([word[:end]], face))), ends[-1])
        yield word[:end]
        word = word[end:]
    yield word


def _sentences(words: Words) -> tuple[Words, ...]:
    ends = {end for end, word in enumerate(words, 1) if word[-1] in _ENDS}
    return tuple(words.part(*cuts) for cuts in pairwise(sorted({0, *ends, len(words)})))


def _page_ends(words: Words, fits: Callable[[Words], bool]) -> list[int]:
    """Return where a page may end: after each sentence, and inside one that fits on none."""
    ends: list[int] = []
    start = 0
    for sentence in _sentences(words):
        end = start + len(sentence)
        ends += [end] if fits(sentence) else range(start + 1, end + 1)
        start = end
    return ends


def _parts(words: Words, fits: Callable[[Words], bool]) -> tuple[Words, ...]:
    """Cut `words` into the fewest parts that fit, preferably even ones that end at a stop."""
    ends = list(accumulate((len(word) for word in words), initial=0))
    best: dict[int, tuple[int, float, tuple[int, ...]]] = {0: (0, 0.0, (0,))}
    page_ends = _page_ends(words, fits)
    for start in (0, *page_ends[:-1]):
        pages, cost, cuts = best[start]
        further = [end for end in page_ends if end > start]
        for end in further:
            if end > further[0] and not fits(words.part(start, end)):
                break
            unfinished = 0 if words[end - 1][-1] in _STOPS else _MID_SENTENCE
            length = ends[end] - ends[start] + unfinished
            through = (pages + 1, cost + length**2, (*cuts, end))
            if end not in best or through[:2] <= best[end][:2]:
                best[end] = through
    return tuple(words.part(start, end) for start, end in pairwise(best[len(words)][2]))
