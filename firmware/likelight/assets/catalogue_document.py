"""A brand's folder of notes as one document, in which a cloud hands a new catalogue to devices.

    {"files": {"_icons.json": {"mother": "heart"}, "en.json": {"notes": {"mother": "…"}}, …}}

It is made once, from a folder that has no mistake; its name is the SHA-256 of its bytes. `brand.py`
has the rules for what is in it.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Final

from likelight.assets.brand import Files, brand_notes, read_brand
from likelight.assets.catalogue import CatalogueError, Notes, parse_bytes
from likelight.runtime.printable import printable

MAX_DOCUMENT_BYTES: Final = 256 * 1024
"""100 notes of 40 letters in all 12 languages, Japanese in UTF-8 included, take 120 KiB."""


def write_document(folder: Path) -> bytes:
    """Return the document of `folder`; it blocks. Raises `CatalogueError` with all mistakes."""
    files, unreadable = read_brand(folder)
    brand_notes(files, unreadable, source=str(folder))
    # The notes stay in the order of the folder: so a page offers them.
    content = {"files": dict(sorted(files.items()))}
    document = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    _check_size(document, str(folder))
    return document


def read_document(document: bytes) -> Notes:
    """Return the bundled notes with those of `document`, by the rules for a folder; it blocks.

    Raises `CatalogueError`, whose words name file and note, and are fit for a log whatever came.
    """
    source = "the catalogue"
    _check_size(document, source)
    content = parse_bytes(document, source).get("files")
    if not isinstance(content, dict):
        raise CatalogueError(f"{source} has no files: it must hold a brand's folder")
    files: Files = {}
    mistakes = []
    for name, file in content.items():
        if not name.endswith(".json"):
            mistakes.append(f"{printable(name)}: its name must end with .json")
        elif not isinstance(file, dict):
            mistakes.append(f"{printable(name)} must hold a JSON object, in {{ and }}")
        else:
            files[name] = file
    return brand_notes(files, mistakes, source=source)


def document_name(document: bytes) -> str:
    """Return the name of a document: the SHA-256 of its bytes, 64 digits of 0-9 and a-f."""
    return sha256(document).hexdigest()


def _check_size(document: bytes, source: str) -> None:
    if len(document) > MAX_DOCUMENT_BYTES:
        raise CatalogueError(
            f"{source} is larger than {MAX_DOCUMENT_BYTES // 1024} KiB in one document"
        )
