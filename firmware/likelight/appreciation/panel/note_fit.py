"""Whether a note fits a panel: readable letters, few pages, and no word cut in two."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate

from likelight.appreciation.screens.models import NoteScreen
from likelight.appreciation.screens.render import pages
from likelight.assets.breaking import join, split
from likelight.assets.catalogue import BUNDLED, DEFAULT, Notes
from likelight.contract import CatalogueNote
from likelight_hw.ports import DisplayInfo

MOST_PAGES = 3
"""A note of three pages takes 12 s; nobody stands still for longer."""


def own_notes(notes: Notes, languages: Collection[str] | None = None) -> dict[CatalogueNote, str]:
    """Return what a brand has added to the bundled notes or changed, each with its language.

    Words that a language takes from the default one count as the default's, where `languages` has
    that; None is all languages.
    """
    return {
        note: lang
        for lang in sorted(languages or notes.languages(), key=lambda lang: lang == DEFAULT)
        for note in set(notes.load(lang).notes) - set(BUNDLED.load(lang).notes)
    }


def own_misfits(
    notes: Notes, panels: Mapping[str, DisplayInfo], languages: Collection[str] | None = None
) -> list[str]:
    """Return, in words, each own note that does not fit one of `panels` (by their names).

    It takes some tens of milliseconds a note and panel on a Pi.
    """
    return sorted(
        f"{lang}.json: {note.code}: on {name}: {wrong}"
        for note, lang in own_notes(notes, languages).items()
        for name, panel in panels.items()
        for wrong in misfits(note, panel)
    )


def misfits(note: CatalogueNote, panel: DisplayInfo) -> Iterator[str]:
    """Yield, in words, each reason why `note` does not fit `panel`.

    Too small type is never a reason: `pages` uses more pages instead, or cuts a word.
    """
    shown = pages(NoteScreen(note.text, note.icon), panel)
    if len(shown) > MOST_PAGES:
        yield f"needs {len(shown)} pages; a note has at most {MOST_PAGES}"
    lines = [line for page in shown for line in page.text]
    if word := cut_word(note.text, lines):
        yield (
            f"{word} is wider than the panel at the least size that can be read; choose another "
            "word, or mark where it may be broken with \\u00ad"
        )


def cut_word(text: str, lines: Iterable[str]) -> str | None:
    """Return the first piece of `text` that `lines` tear apart, or None."""
    pieces = [join([piece]) for piece in split(text)]
    ends = accumulate(_letters(piece) for piece in pieces)
    line_ends = set(accumulate(_letters(line) for line in lines))
    start = 0
    for piece, end in zip(pieces, ends, strict=True):
        if any(start < line_end < end for line_end in line_ends):
            return piece
        start = end
    return None


def _letters(line: str) -> int:
    """Return the count of letters that are in a line however it is broken."""
    return len(line.replace(" ", "").replace("-", ""))
