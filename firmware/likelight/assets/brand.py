"""A brand's own notes: a folder of JSON files that adds to the bundled notes or replaces them.

    _icons.json   {"mother": "heart"}                             the icon of each note that is new
    _groups.json  {"mother": "food"}                              where it stands; "thanks" without
    en.json       {"notes": {"mother": "Like my mother's"}}       words, by code
    de.json       {"notes": {"mother": "Wie bei meiner Mutter"}}

A language that lacks one of the brand's notes shows it in the brand's default language: English, or
the only one there is. All mistakes are reported together, each with its file and code.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import TypeAdapter, ValidationError

from likelight.assets import fonts, icons
from likelight.assets.catalogue import (
    BUNDLED,
    DEFAULT,
    CatalogueError,
    Notes,
    compose,
    parse,
)
from likelight.assets.fonts import UNSEEN
from likelight.contract import CatalogueNote, NoteCode
from likelight.runtime.printable import printable

MAX_LETTERS: Final = 40
"""Letters; what a panel shows on at most three pages that the crew can read."""
MAX_NOTES: Final = 100
"""Notes in all: with more, viewers no longer find the one that they want."""
MAX_FILE_BYTES: Final = 64 * 1024

_ICONS: Final = "_icons.json"
_GROUPS: Final = "_groups.json"
_GROUP_NAMES: Final = get_args(CatalogueNote.model_fields["group"].annotation)
_MARKUP: Final = re.compile(r"[<>]|&#?\w+;")
_CODE: Final[TypeAdapter[str]] = TypeAdapter(NoteCode)

MAX_TOLD: Final = 40
"""Mistakes in one message: it goes into logs, too."""

Files = dict[str, dict[str, Any]]
"""What a brand's files hold, by their names."""
Texts = dict[str, dict[str, str]]
"""Words by language, then by code."""


def with_brand(folder: Path | None) -> Notes:
    """Return the bundled notes with those of `folder`, if there is one; it blocks.

    Raises `CatalogueError` with one line per mistake.
    """
    return BUNDLED if folder is None else brand_notes(*read_brand(folder), source=str(folder))


def read_brand(folder: Path) -> tuple[Files, list[str]]:
    """Return what the files of `folder` hold, and which of them can't be read; it blocks.

    Raises `CatalogueError` without such a folder.
    """
    if not folder.is_dir():
        raise CatalogueError(f"there is no folder {folder}")
    files: Files = {}
    unreadable = []
    for file in sorted(folder.glob("*.json")):
        try:
            files[file.name] = _content(file)
        except CatalogueError as error:
            unreadable.append(str(error))
    return files, unreadable


def brand_notes(files: Files, unreadable: Iterable[str] = (), *, source: str) -> Notes:
    """Return the bundled notes with those of `files`; messages call these `source`.

    Raises `CatalogueError` with one line per mistake, the `unreadable` ones first, and at most 40.
    """
    mistakes = list(unreadable)
    own_icons = _strings(files.get(_ICONS))
    own_groups = _strings(files.get(_GROUPS))
    texts: Texts = {}
    for name, content in files.items():
        if name == _ICONS:
            wrong = _wrong_icons(content)
        elif name == _GROUPS:
            wrong = _wrong_groups(content)
        else:
            lang = name.removesuffix(".json")
            texts[lang] = _strings(content.get("notes"))
            wrong = _wrong_notes(lang, content)
        mistakes += [f"{printable(name)}: {text}" for text in wrong]
    if not texts and not mistakes:
        mistakes.append("it holds no notes: add en.json, for example")
    if not mistakes:
        mistakes += _gaps(texts, own_icons, own_groups)
    if mistakes:
        raise CatalogueError(f"{source} can't be used:\n{_listed(mistakes)}")
    return _merged(texts, own_icons, own_groups)


def _listed(mistakes: list[str]) -> str:
    more = [f"and {len(mistakes) - MAX_TOLD} more"] if len(mistakes) > MAX_TOLD else []
    return "\n".join(f"  {text}" for text in (*mistakes[:MAX_TOLD], *more))


def _name(value: object) -> str:
    """Return what a file holds where a name belongs, fit for a log."""
    return printable(value) if isinstance(value, str) else "(not a text)"


def _content(file: Path) -> dict[str, Any]:
    if file.stat().st_size > MAX_FILE_BYTES:
        raise CatalogueError(f"{file} is larger than {MAX_FILE_BYTES // 1024} KiB")
    return parse(file)


def _strings(notes: object) -> dict[str, str]:
    if not isinstance(notes, dict):
        return {}
    return {code: text for code, text in notes.items() if isinstance(text, str)}


def _wrong_icons(content: dict[str, Any]) -> Iterator[str]:
    for code, icon in content.items():
        if not isinstance(icon, str) or icon not in icons.NAMES:
            names = ", ".join(sorted(icons.NAMES))
            yield f"{printable(code)}: there is no icon {_name(icon)}; the icons are {names}"


def _wrong_groups(content: dict[str, Any]) -> Iterator[str]:
    for code, group in content.items():
        if group not in _GROUP_NAMES:
            names = ", ".join(_GROUP_NAMES)
            yield f"{printable(code)}: there is no group {_name(group)}; the groups are {names}"


def _wrong_notes(lang: str, content: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong in one language's file."""
    if lang not in BUNDLED.catalogues:
        yield f"no such language; there are {', '.join(BUNDLED.languages())}"
    elif content.get("dir", way := BUNDLED.load(lang).dir) != way:
        yield f"dir: must be {way}, or be left out"
    for key in sorted(content.keys() - {"dir", "notes"}):
        yield f"{printable(key)}: no such key; there are dir and notes"
    notes = content.get("notes")
    if not isinstance(notes, dict) or not notes:
        yield 'notes: must hold words by code, such as {"thank_you": "Thank you, kitchen"}'
        return
    said: dict[str, str] = {}
    for code, text in notes.items():
        try:
            _CODE.validate_python(code)
        except ValidationError:
            yield (
                f"{printable(code)}: is not a code: 1 to 32 of a-z, 0-9, _ and -, a letter first"
            )
        for wrong in wrong_text(text):
            yield f"{printable(code)}: {wrong}"
        if isinstance(text, str) and said.setdefault(text, code) != code:
            yield f"{printable(code)}: says the same as {printable(said[text])}"


def wrong_text(text: object) -> Iterator[str]:
    """Yield what is wrong with the words of one note."""
    if not isinstance(text, str):
        yield "must be words"
        return
    seen = "".join(letter for letter in text if letter not in UNSEEN)
    if not seen.strip():
        yield "has no words"
    if len(seen) > MAX_LETTERS:
        yield f"has {len(seen)} letters; a note has at most {MAX_LETTERS}"
    elif len(text) > 2 * MAX_LETTERS:
        # Each is a place to try, in each size of type: 3,000 took 36 s to set.
        yield "has too many marks of places where it may be broken"
    if text != " ".join(text.split(" ")).strip() or "  " in text:
        yield "has spaces too many"
    if unicodedata.normalize("NFC", text) != text:
        yield "has accents apart from their letters; save it in the form NFC"
    if control := [letter for letter in seen if unicodedata.category(letter)[0] == "C"]:
        yield f"has a control character, U+{ord(control[0]):04X}"
    elif other := [letter for letter in seen if letter.isspace() and letter != " "]:
        yield f"has another space than the plain one, U+{ord(other[0]):04X}"
    elif lacking := fonts.missing(text):
        yield f"has letters that no font here can write: {printable(' '.join(lacking))}"
    if _MARKUP.search(text):
        yield "has markup; a note is plain words"


def _gaps(texts: Texts, own_icons: dict[str, str], own_groups: dict[str, str]) -> Iterator[str]:
    """Yield what is missing when files that are valid one by one are taken together."""
    known = {note.code for note in BUNDLED.load(DEFAULT).notes}
    own = {code for notes in texts.values() for code in notes}
    for code in sorted(own - known - own_icons.keys()):
        yield f"{_ICONS}: {code}: is a new note; give it an icon"
    for name, codes in ((_ICONS, own_icons), (_GROUPS, own_groups)):
        for code in sorted(codes.keys() - own - known):
            yield f"{name}: {printable(code)}: no file has words for it"
    default = _default(texts)
    for code in sorted(own):
        lacking = [lang for lang in BUNDLED.languages() if code not in texts.get(lang, {})]
        if lacking and code not in texts.get(default, {}):
            yield f"{default}.json: {code}: is missing, and so it is in {', '.join(lacking)}"
    if len(own | known) > MAX_NOTES:
        yield f"{len(own | known)} notes in all, with those of likelight; at most {MAX_NOTES}"


def _default(texts: Texts) -> str:
    return next(iter(texts)) if len(texts) == 1 else DEFAULT


def _merged(texts: Texts, own_icons: dict[str, str], own_groups: dict[str, str]) -> Notes:
    """Return the bundled notes with the brand's replacements, then the brand's new notes."""
    fallback = texts.get(_default(texts), {})
    own = list(dict.fromkeys(code for notes in texts.values() for code in notes))
    merged = {}
    for lang, bundled in BUNDLED.catalogues.items():
        words = {note.code: note.text for note in bundled.notes}
        words |= {code: texts.get(lang, fallback).get(code, fallback.get(code, "")) for code in own}
        symbols = {note.code: note.icon for note in bundled.notes} | own_icons
        groups = {note.code: note.group for note in bundled.notes} | own_groups
        notes = [
            CatalogueNote.model_validate(
                {
                    "code": code,
                    "text": text,
                    "icon": symbols[code],
                    "group": groups.get(code, "thanks"),
                }
            )
            for code, text in words.items()
        ]
        merged[lang] = compose(lang, bundled.dir, notes)
    return Notes(merged)
