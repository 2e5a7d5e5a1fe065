"""Catalogue documents, and folders of which `likelight-cloud catalogue add` makes them."""

import json
from datetime import datetime
from pathlib import Path

from likelight.assets.catalogue_document import document_name
from likelight_cloud.store.base import Store

MOTHER = {"en": "Like my mother's", "de": "Wie bei meiner Mutter"}


def brand_files(
    words: dict[str, str] = MOTHER, *, code: str = "mother", icon: str = "house"
) -> dict[str, object]:
    """Return the files of a brand with one note, by their names."""
    notes = {f"{lang}.json": {"notes": {code: text}} for lang, text in words.items()}
    return {"_icons.json": {code: icon}, **notes}


def brand_folder(folder: Path, words: dict[str, str] = MOTHER) -> Path:
    """Write a brand's folder with one note; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in brand_files(words).items():
        (folder / name).write_text(json.dumps(content), "utf-8")
    return folder


def document(words: dict[str, str] = MOTHER, *, code: str = "mother") -> bytes:
    """Return a document with one note."""
    content = {"files": brand_files(words, code=code)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


async def publish(store: Store, body: bytes, at: datetime, name: str = "Winter") -> str:
    """Publish a document; return what it is called."""
    sha256 = document_name(body)
    await store.catalogues.publish(sha256, name, body, at)
    return sha256


async def ask(store: Store, kid: str, sha256: str | None) -> None:
    """Ask a kitchen for the notes of a document; None: for its own."""
    await store.change_desired(kid, lambda it: it.model_copy(update={"catalogue": sha256}))
