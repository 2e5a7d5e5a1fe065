"""Breaking words into lines of similar length, and the length of lines in pixels."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

from likelight.assets.fonts import MAY_BREAK, MAY_HYPHENATE, Face, face_of
from likelight.assets.typeface import ink_of, length

__all__ = ["Ink", "Words", "ink_of", "join", "length", "places", "split", "whole_words", "wrap"]


class Words(tuple[str, ...]):
    """Pieces of a text as `split` returns them, and the face that the whole text is written in."""

    face: Face

    def __new__(cls, pieces: Iterable[str], face: Face) -> "Words":
        words = super().__new__(cls, pieces)
        words.face = face
        return words

    def part(self, start: int, end: int) -> "Words":
        """Return some of the pieces, in the same face."""
        return Words(self[start:end], self.face)


Ink = tuple[float, float, float, float]
"""Left, top, right and bottom of what is drawn, measured from the line's start on its baseline."""

_NO_BREAK = "\u00a0"
"""A space at which no line ends: a reader sees "thứ Tư" as one word."""

_WORD = re.compile(rf"\S+(?:{_NO_BREAK}\S+)*")
_HYPHEN = re.compile(rf"(?<=\w{{3}}-)(?=\w{{3}})|(?<={MAY_HYPHENATE})|(?<={MAY_BREAK})")

_PHRASE = re.compile(
    # After a stop; and where, after the particle or ending of one phrase, a kanji or a katakana
    # begins the next. The honorifics お and ご belong to the word behind them.
    r"(?<=[、。！？])(?=[^、。！？」』）])"
    r"|(?<=[ぁ-ゖ])(?<![おご])(?=[ァ-ヺ一-鿿])"
    r"|(?<=[ぁ-ゖ])(?=[おご][一-鿿])"
)
_NEVER_FIRST = frozenset(
    "、。，．・：；？！ー々ゝゞヽヾ）」』】〉》”’…ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
)
_NEVER_LAST = frozenset("（「『【〈《“‘")


def split(text: str) -> Words:
    """Return the pieces of `text`: a line may end after each. A piece keeps the space before it.

    A hyphen between long parts of a word ends a piece: " pizza-", "making", but " Wi-Fi". So does
    a place that is marked for it, and, in Japanese, a phrase: " 最高の", "ピザです".
    """
    pieces = (
        phrase
        for word in _WORD.findall(text)
        for piece in _HYPHEN.split(f" {word}")
        for phrase in _PHRASE.split(piece)
        if phrase.strip(MAY_BREAK)
    )
    return Words(pieces, face_of(text))


def join(words: Sequence[str]) -> str:
    """Return the pieces as one line, with a hyphen where it ends within a word."""
    line = "".join(words).strip().replace(MAY_BREAK, "").replace(_NO_BREAK, " ")
    hyphen = "-" if line.endswith(MAY_HYPHENATE) else ""
    return line.replace(MAY_HYPHENATE, "") + hyphen


def whole_words(words: Words) -> Words:
    """Return the pieces with those of a word together, where only a hyphen would part them."""
    pieces: list[str] = []
    for word in words:
        if pieces and pieces[-1].endswith(MAY_HYPHENATE):
            pieces[-1] += word
        else:
            pieces.append(word)
    return Words(pieces, words.face)


def places(piece: str) -> Iterator[int]:
    """Yield the places where `piece` may be cut if it must be, from the last to the first.

    No line begins with a stop, a small kana or the like (JIS X 4051, the rules called kinsoku).
    """
    for end in range(len(piece) - 1, 0, -1):
        if (
            piece[end] not in _NEVER_FIRST
            and piece[end - 1] not in _NEVER_LAST
            and piece[:end].strip()
        ):
            yield end


def wrap(words: Words, widths: Sequence[int], em: int, bold: bool) -> tuple[str, ...] | None:
    """Break `words` into exactly `len(widths)` lines of similar length, each within its width.

    None when that is impossible. Of all the ways it takes the one that breaks the fewest words, of
    these the one with the least sum of squared lengths. A line's length is a sum, because measuring
    whole lines again costs most of the time; what kerning across a space would add is left to the
    check on the ink.
    """
    count, face = len(words), words.face
    if not words or len(widths) > count:
        return None
    advances = [_advance(word, em, bold, face) for word in words]
    reach = list(accumulate(advances, initial=0.0))
    space, hyphen = (length(mark, em, bold, face) for mark in " -")
    before = [space if word[0] == " " else 0.0 for word in words]
    behind = [hyphen if word[-1] == MAY_HYPHENATE else 0.0 for word in words]
    broken = float(sum(width**2 for width in widths))
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, (0,))}
    for width in widths:
        reached: dict[int, tuple[float, tuple[int, ...]]] = {}
        for start, (cost, breaks) in best.items():
            for end in range(start + 1, count + 1):
                bare = reach[end] - reach[start] - before[start]
                if bare > width:
                    break
                line = bare + behind[end - 1]
                hyphens = broken if behind[end - 1] else 0.0
                through = (cost + line**2 + hyphens, (*breaks, end))
                if line <= width and (end not in reached or through < reached[end]):
                    reached[end] = through
        best = reached
    if count not in best:
        return None
    return tuple(join(words[start:end]) for start, end in pairwise(best[count][1]))


@lru_cache(maxsize=8192)
def _advance(piece: str, em: int, bold: bool, face: Face) -> float:
    bare = piece.replace(MAY_HYPHENATE, "").replace(MAY_BREAK, "").replace(_NO_BREAK, " ")
    return length(bare, em, bold, face)
