"""The prepared notes, in every language: the only words a viewer can send into a kitchen.

One file per language in `notes/`, each with the same codes; `notes/_icons.json` gives the order
and each note's icon. All of it (a few kilobytes) is read once, when this module is imported, so
that no function here touches a file and all may be called on an event loop.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Final

from likelight.contract import Catalogue, CatalogueNote

_FOLDER: Final = Path(__file__).with_name("notes")
_DEFAULT: Final = "en"


def load(lang: str) -> Catalogue:
    """Return the notes for a language tag such as "de" or "de-AT"; English for an unknown one.

    `version` is a hash of the content, fit for an ETag; it differs between languages.
    """
    primary = lang.replace("_", "-").partition("-")[0].strip().lower()
    return _CATALOGUES.get(primary, _CATALOGUES[_DEFAULT])


def languages() -> tuple[str, ...]:
    """Return the languages the notes exist in, as two-letter codes in alphabetical order."""
    return tuple(_CATALOGUES)


def codes() -> frozenset[str]:
    """Return the codes a viewer may send."""
    return frozenset(note.code for note in _CATALOGUES[_DEFAULT].notes)


def _read_all() -> dict[str, Catalogue]:
    icons: dict[str, str] = json.loads((_FOLDER / "_icons.json").read_text("utf-8"))
    files = sorted(_FOLDER.glob("[a-z]*.json"))
    return {file.stem: _read(file, icons) for file in files}


def _read(file: Path, icons: dict[str, str]) -> Catalogue:
    content = json.loads(file.read_text("utf-8"))
    texts: dict[str, str] = content["notes"]
    if texts.keys() != icons.keys():
        raise ValueError(f"{file.name} and _icons.json differ in {texts.keys() ^ icons.keys()}")
    unversioned = Catalogue(
        lang=file.stem,
        dir=content["dir"],
        version="",
        notes=tuple(
            CatalogueNote(code=code, text=texts[code], icon=icon) for code, icon in icons.items()
        ),
    )
    version = sha256(unversioned.model_dump_json().encode()).hexdigest()[:12]
    return unversioned.model_copy(update={"version": version})


_CATALOGUES: Final = _read_all()
