"""The prepared notes, in every language: the only words a viewer can send into a kitchen.

One file per language in `notes/`, each with the same codes; `notes/_icons.json` gives the order
and each note's icon, `notes/_groups.json` the group under which a page offers it. All of it (some
kilobytes) is read once, when this module is imported, so that no function of `Notes` touches a file
and all may be called on an event loop. A brand's folder of the same form adds notes or replaces
them: `brand.py`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from likelight.contract import Catalogue, CatalogueNote
from likelight.runtime.printable import printable

FOLDER: Final = Path(__file__).with_name("notes")
DEFAULT: Final = "en"


class CatalogueError(ValueError):
    """A catalogue can't be used; the message names the file, the note and the fix."""


def primary_language(tag: str) -> str:
    """Return the language of a tag: "de" for "de-AT", and for "de_AT" as a locale has it."""
    return tag.replace("_", "-").partition("-")[0].lower()


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes of a kitchen or of a cloud, by language."""

    catalogues: Mapping[str, Catalogue]

    def load(self, lang: str) -> Catalogue:
        """Return the notes for a language tag such as "de" or "de-AT"; English for an unknown one.

        `version` is a hash of the content, fit for an ETag; it differs between languages.
        """
        primary = primary_language(lang.strip())
        nothing = Catalogue(lang=DEFAULT, dir="ltr", version="", notes=())
        return self.catalogues.get(primary, self.catalogues.get(DEFAULT, nothing))

    def languages(self) -> tuple[str, ...]:
        """Return the languages the notes exist in, as two-letter codes in alphabetical order."""
        return tuple(self.catalogues)

    def codes(self) -> frozenset[str]:
        """Return the codes a viewer may send."""
        return frozenset(note.code for note in self.load(DEFAULT).notes)


def compose(lang: str, direction: str, notes: Iterable[CatalogueNote]) -> Catalogue:
    """Return the catalogue of one language with its version."""
    unversioned = Catalogue.model_validate(
        {"lang": lang, "dir": direction, "version": "", "notes": tuple(notes)}
    )
    version = sha256(unversioned.model_dump_json().encode()).hexdigest()[:12]
    return unversioned.model_copy(update={"version": version})


def parse(file: Path) -> dict[str, Any]:
    """Return the JSON object in `file`. Raises `CatalogueError`, which says what is wrong."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CatalogueError(f"{file} can't be read: {error.strerror}") from error
    return parse_bytes(content, str(file))


def parse_bytes(content: bytes, name: str) -> dict[str, Any]:
    """Return the JSON object in `content`, which messages call `name`. Raises `CatalogueError`."""
    try:
        # Windows' Notepad begins a file with a byte order mark.
        parsed = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise CatalogueError(
            f"{name} is not saved as UTF-8: choose that where you save it (Notepad: Encoding)"
        ) from error
    except json.JSONDecodeError as error:
        raise CatalogueError(
            f"{name} is not valid JSON at line {error.lineno}, letter {error.colno}: a comma, a "
            "quote or a bracket is missing there, or one too many"
        ) from error
    except RecursionError as error:
        raise CatalogueError(f"{name} is not valid JSON: too many brackets in brackets") from error
    except _TwiceError as error:
        raise CatalogueError(f"{name} has {error} twice: leave one of them out") from error
    except ValueError as error:
        # A number of more than 4,300 digits, of which Python makes none.
        raise CatalogueError(f"{name} is not valid JSON: a number in it is too long") from error
    if not isinstance(parsed, dict):
        raise CatalogueError(f"{name} must hold a JSON object, in {{ and }}")
    return parsed


class _TwiceError(ValueError):
    """A key comes twice in one object: JSON lets each reader choose which of them holds."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise _TwiceError(printable(key))
        content[key] = value
    return content


def read_folder(folder: Path) -> tuple[Notes, tuple[str, ...]]:
    """Read a whole catalogue; return it without its damaged languages, and what is wrong."""
    found: dict[str, Catalogue] = {}
    trouble: list[str] = []
    try:
        icons, groups = parse(folder / "_icons.json"), parse(folder / "_groups.json")
    except CatalogueError as error:
        return Notes(found), (str(error),)
    for file in sorted(folder.glob("[a-z]*.json")):
        try:
            found[file.stem] = _read(file, icons, groups)
        except CatalogueError as error:
            trouble.append(str(error))
    if DEFAULT not in found and not trouble:
        trouble.append(f"{folder / DEFAULT}.json is missing")
    return Notes(found), tuple(trouble)


def _read(file: Path, icons: dict[str, str], groups: dict[str, str]) -> Catalogue:
    content = parse(file)
    texts = content.get("notes")
    if not isinstance(texts, dict) or texts.keys() != icons.keys():
        raise CatalogueError(f"{file} and _icons.json don't hold the same notes")
    try:
        return compose(
            file.stem,
            content.get("dir", ""),
            [
                CatalogueNote.model_validate(
                    {"code": code, "text": texts[code], "icon": icon, "group": groups.get(code)}
                )
                for code, icon in icons.items()
            ],
        )
    except ValueError as error:
        raise CatalogueError(f"{file} holds something else than notes: {error}") from error


_bundled = read_folder(FOLDER)
BUNDLED: Final = _bundled[0]
"""The notes that travel with likelight."""
TROUBLE: Final = _bundled[1]
"""What is wrong with the installed files, in words; to fix it, install likelight again."""

load = BUNDLED.load
languages = BUNDLED.languages
codes = BUNDLED.codes
