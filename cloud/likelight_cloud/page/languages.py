"""The page in the reader's language: chosen by `?lang=`, else by what the browser accepts.

`words/` and `privacy_words/` have one JSON file per language. The words are set into the HTML here,
so that nobody sees the page in another language first; those that change on the page are sent with
it as JSON.
"""

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from aiohttp import web

from likelight.web.http.static_files import ServedFile

_DEFAULT: Final = "en"
_RTL: Final = frozenset({"ar"})
_FOLDER: Final = Path(__file__).parent / "words"
_RANGE: Final = re.compile(
    r"\s*([a-zA-Z]{1,8}|\*)[-a-zA-Z0-9]*\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*"
)
_CURRENT: Final = ' aria-current="true"'
_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")


def read_words(folder: Path) -> dict[str, dict[str, str]]:
    """Return the words in `folder` by language, then by key."""
    return {
        file.stem: json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))
    }


WORDS: Final = read_words(_FOLDER)
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


def pages(
    template: str,
    words: Mapping[str, Mapping[str, str]] = WORDS,
    *,
    markup: Mapping[str, str] = MappingProxyType({}),
    first: str = "title",
) -> dict[str, ServedFile]:
    """Return the page in every language; `template` has `{{key}}` where one of `words` belongs, or
    a piece of `markup`. `first` is the key of those that stand there until there is news."""
    return {
        lang: ServedFile.of(
            "page.html", _page(template, lang, own, {"first_words": own[first], **markup})
        )
        for lang, own in words.items()
    }


def in_readers_language(request: web.Request, page: Mapping[str, ServedFile]) -> web.Response:
    """Answer `request` with its language of `page`."""
    response = page[language_of(request)].reply(request)
    response.headers["Vary"] = "Accept-Encoding, Accept-Language"
    return response


def _page(template: str, lang: str, words: Mapping[str, str], markup: Mapping[str, str]) -> bytes:
    options = "".join(
        f'<option value="{other}" lang="{other}"{" selected" if other == lang else ""}>'
        f"{html.escape(each['own_name'])}</option>"
        for other, each in WORDS.items()
    )
    links = " ".join(
        f'<a href="?lang={other}" hreflang="{other}" lang="{other}"'
        f"{_CURRENT if other == lang else ''}>{html.escape(each['own_name'])}</a>"
        for other, each in WORDS.items()
    )
    # A "<" might end the script element early, so it is written as a JSON escape.
    words_json = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    values = {key: html.escape(text) for key, text in words.items()}
    values |= {
        "lang": lang,
        "dir": "rtl" if lang in _RTL else "ltr",
        "language": html.escape(WORDS[lang]["language"]),
        "languages": options,
        "language_links": links,
        "words": words_json,
        **markup,
    }
    return _PLACE.sub(lambda place: values[place[1]], template).encode()
