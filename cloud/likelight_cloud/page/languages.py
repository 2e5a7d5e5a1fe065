"""The page in the reader's language: chosen by `?lang=`, else by what the browser accepts.

`words/` has one JSON file per language. The words are set into the HTML here, so that nobody sees
the page in another language first; those that change on the page are sent with it as JSON.
"""

import html
import json
import re
from pathlib import Path
from typing import Final

from aiohttp import web

from likelight.web.http.static_files import ServedFile

_DEFAULT: Final = "en"
_RTL: Final = frozenset({"ar"})
_FOLDER: Final = Path(__file__).parent / "words"
_RANGE: Final = re.compile(
    r"\s*([a-zA-Z]{1,8}|\*)[-a-zA-Z0-9]*\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*"
)
_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")


def _read() -> dict[str, dict[str, str]]:
    return {
        file.stem: json.loads(file.read_text("utf-8")) for file in sorted(_FOLDER.glob("*.json"))
    }


WORDS: Final = _read()
"""The page's words by language, then by key; `{n}`, `{when}` and the like are filled in later."""


def language_of(request: web.Request) -> str:
    """Return the language to answer in: the one asked for, else the best accepted, else English."""
    asked = request.query.get("lang", "").partition("-")[0].lower()
    if asked in WORDS:
        return asked
    accepted: list[tuple[float, str]] = []
    for part in request.headers.get("Accept-Language", "").split(","):
        if found := _RANGE.fullmatch(part):
            accepted.append((float(found[2] or 1), found[1].lower()))
    # The sort is stable: of two that are wanted equally the first one counts.
    accepted.sort(key=lambda each: -each[0])
    return next((lang for quality, lang in accepted if quality and lang in WORDS), _DEFAULT)


def pages(template: str) -> dict[str, ServedFile]:
    """Return the page in every language; `template` has `{{key}}` where a word belongs."""
    return {lang: ServedFile.of("kitchen.html", _page(template, lang)) for lang in WORDS}


def _page(template: str, lang: str) -> bytes:
    options = "".join(
        f'<option value="{other}" lang="{other}"{" selected" if other == lang else ""}>'
        f"{html.escape(words['own_name'])}</option>"
        for other, words in WORDS.items()
    )
    # A "<" might end the script element early, so it is written as a JSON escape.
    words_json = json.dumps(WORDS[lang], ensure_ascii=False).replace("<", "\\u003c")
    values = {key: html.escape(text) for key, text in WORDS[lang].items()}
    values |= {
        "lang": lang,
        "dir": "rtl" if lang in _RTL else "ltr",
        "languages": options,
        "words": words_json,
    }
    return _PLACE.sub(lambda place: values[place[1]], template).encode()
