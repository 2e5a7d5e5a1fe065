"""Breaking words into lines of like length, and how long lines are; in pixels."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from likelight.appreciation.screens.typeface import font

Words = tuple[str, ...]
"""Pieces of a text as `split` returns them."""

Ink = tuple[float, float, float, float]
"""Left, top, right and bottom of what is drawn, from the line's start on its baseline."""

_HYPHEN = re.compile(r"(?<=\w{3}-)(?=\w{3})")


def split(text: str) -> Words:
    """Return the pieces of `text`: a line may end after each. A piece keeps the space before it.

    A hyphen between long parts of a word ends a piece: " pizza-", "making", but " Wi-Fi".
    """
    return tuple(piece for word in text.split() for piece in _HYPHEN.split(f" {word}"))


def join(words: Sequence[str]) -> str:
    """Return the pieces as one line."""
    return "".join(words).strip()


@lru_cache(maxsize=4096)
def length(piece: str, em: int, bold: bool) -> float:
    """Return how far a piece of text advances."""
    return font(em, bold).getlength(piece)


@lru_cache(maxsize=1024)
def ink_of(text: str, em: int, bold: bool) -> Ink:
    """Return the box of what is drawn of a line."""
    return font(em, bold).getbbox(text, anchor="ls")


def line_length(words: Words, em: int, bold: bool) -> float:
    """Return how far a line of these pieces advances, without the first one's space.

    A sum, because measuring whole lines anew costs most of the time; what kerning across a space
    would add is left to the check on the ink.
    """
    space = length(" ", em, bold) if words[0][0] == " " else 0.0
    return sum(length(word, em, bold) for word in words) - space


def wrap(words: Words, widths: Sequence[int], em: int, bold: bool) -> tuple[str, ...] | None:
    """Break `words` into exactly `len(widths)` lines of like length, each within its width.

    None when that is impossible. Of all the ways it takes the least sum of squared lengths.
    """
    count = len(words)
    if len(widths) > count or line_length(words, em, bold) > sum(widths) + em * len(widths):
        return None
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, (0,))}
    for width in widths:
        reached: dict[int, tuple[float, tuple[int, ...]]] = {}
        for start, (cost, breaks) in best.items():
            for end in range(start + 1, count + 1):
                line = line_length(words[start:end], em, bold)
                if line > width:
                    break
                through = (cost + line**2, (*breaks, end))
                if end not in reached or through < reached[end]:
                    reached[end] = through
        best = reached
    if count not in best:
        return None
    return tuple(join(words[start:end]) for start, end in pairwise(best[count][1]))
