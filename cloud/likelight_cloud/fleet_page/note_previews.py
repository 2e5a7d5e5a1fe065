"""What a document's own notes look like on each panel, drawn by the code that draws them on the
device; and whether they fit there.

Its other notes are likelight's, in their old words.
"""

import io
from typing import Final

from PIL import Image

from likelight.appreciation.panel.note_fit import own_misfits, own_notes
from likelight.appreciation.screens.models import NoteScreen
from likelight.appreciation.screens.render import pages
from likelight.assets.catalogue import BUNDLED, Notes
from likelight.contract import CatalogueNote
from likelight_hw.panels import PANELS

PANEL_NAMES: Final = tuple(PANELS)
"""The panels that likelight knows; no kitchen has another."""

_GAP: Final = 8
"""Between two pages of a note, in pixels."""
_PAPER: Final = (128, 128, 128)


def own_in(notes: Notes, lang: str) -> tuple[CatalogueNote, ...]:
    """Return the notes that a document adds or changes, in the words that they have in `lang`, in
    the order in which a page offers them."""
    likelight = set(BUNDLED.load(lang).notes)
    return tuple(note for note in notes.load(lang).notes if note not in likelight)


def own_languages(notes: Notes) -> tuple[str, ...]:
    """Return the languages in which a document has words of its own."""
    return tuple(sorted(set(own_notes(notes).values())))


def wrong_on_panels(notes: Notes) -> list[str]:
    """Return, in words, which own notes of a document do not fit which panel; some seconds."""
    return own_misfits(notes, {name: panel.info for name, panel in PANELS.items()})


def picture(note: CatalogueNote, panel: str, *, rtl: bool) -> bytes:
    """Return a PNG of the pages of a note as the `panel` shows them, from left to right. It takes
    some tens of milliseconds."""
    screens = [
        page.image for page in pages(NoteScreen(note.text, note.icon, rtl), PANELS[panel].info)
    ]
    wide, high = screens[0].size
    whole = Image.new("RGB", (len(screens) * (wide + _GAP) - _GAP, high), _PAPER)
    for number, screen in enumerate(screens):
        whole.paste(screen.convert("RGB"), (number * (wide + _GAP), 0))
    png = io.BytesIO()
    whole.save(png, "PNG")
    return png.getvalue()
