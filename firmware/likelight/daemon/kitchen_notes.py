"""The notes of one kitchen, read and checked before it opens."""

import logging

from likelight.appreciation.panel.note_fit import own_misfits
from likelight.assets import catalogue, crew_words, fonts
from likelight.assets.brand import with_brand
from likelight.assets.catalogue import CatalogueError, Notes, primary_language
from likelight.assets.catalogue_document import read_document
from likelight.assets.typeface import shaping_available
from likelight.config.settings import ConfigError, KitchenSettings
from likelight_hw.panels import panel
from likelight_hw.wiring import DisplayWiring

log = logging.getLogger(__name__)


def check_language(language: str) -> None:
    """Raise `ConfigError` when this machine can't write `language`."""
    if primary_language(language) == "ar" and not shaping_available():
        raise ConfigError(
            "kitchen.language: Arabic can't be written here, its letters would not join. "
            "Run: `sudo apt install libfribidi0`"
        )


def read_notes(kitchen: KitchenSettings, display: DisplayWiring) -> Notes:
    """Return the notes of `kitchen`, its brand's included, which `display` can show; blocks.

    Raises `ConfigError` when the brand's catalogue has a mistake or a note that doesn't fit the
    panel.
    """
    for trouble in (*catalogue.TROUBLE, *crew_words.TROUBLE, *fonts.TROUBLE):
        log.warning("%s. Install likelight again; it goes on with what is left.", trouble)
    try:
        notes = with_brand(kitchen.catalogue)
    except CatalogueError as error:
        raise ConfigError(f"kitchen.catalogue: {error}") from error
    if kitchen.catalogue is not None:
        _check_fit(notes, kitchen, display)
    return notes


def read_sent(document: bytes, lang: str, display: DisplayWiring) -> Notes:
    """Return the notes of a catalogue document that the cloud sent, which `display` can show in the
    crew's language; blocks.

    Raises `CatalogueError`.
    """
    notes, hung = read_document(document), panel(display)
    if mistakes := own_misfits(notes, {hung.name: hung.info}, [notes.load(lang).lang]):
        lines = "\n".join(f"  {each}" for each in mistakes)
        raise CatalogueError(f"the catalogue can't be shown:\n{lines}")
    return notes


def _check_fit(notes: Notes, kitchen: KitchenSettings, display: DisplayWiring) -> None:
    """Check what the brand has added or changed, in the crew's language, on the crew's panel."""
    hung = panel(display)
    lang = notes.load(kitchen.language).lang
    if mistakes := own_misfits(notes, {hung.name: hung.info}, [lang]):
        folder = kitchen.catalogue
        lines = "\n".join(f"  {each}" for each in mistakes)
        raise ConfigError(f"kitchen.catalogue: {folder} can't be used:\n{lines}")
