"""The pages in the reader's language: chosen by `?lang=`, else by what the browser accepts.

`words/` and `privacy_words/` have one JSON file per language. The words are set into the HTML here,
so that nobody sees the page in another language first; those that change on the page are sent with
it as JSON.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aiohttp import web
from jinja2 import Template
from pydantic import BaseModel, Field

from likelight.web.http.encoding import weights
from likelight.web.http.static_files import ServedFile

_DEFAULT: Final = "en"
RTL: Final = frozenset({"ar"})
# Atkinson has no letters for these: `body:lang()` in the stylesheets names another font.
_OTHER_LETTERS: Final = frozenset({"ar", "ja", "vi"})
_FOLDER: Final = Path(__file__).parent / "words"

# Between groups of three digits, as browsers write numbers (CLDR); in the languages of the second
# set a number of four digits has none.
_GROUPS: Final = {"ar": ",", "en": ",", "fr": "\u202f", "ja": ",", "pl": "\u00a0"}
_NONE_IN_FOUR: Final = frozenset({"es", "it", "pl"})


def read_words(folder: Path) -> dict[str, dict[str, str]]:
    """Return the words in `folder` by language, then by key."""
    return {
        file.stem: json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))
    }


WORDS: Final = read_words(_FOLDER)
"""The page's words by language, then by key; `{n}`, `{when}` and the like are filled in later.

A counted word has a key for each of its forms in that language, such as `likes_one`.
"""


class LanguageQuery(BaseModel):
    """The reader's language, where it shall not be the browser's."""

    lang: str = Field(default="", description="one of: " + ", ".join(WORDS))


def language_of(request: web.Request) -> str:
    """Return the language to answer in: the one asked for, else the best accepted, else English."""
    asked = request.query.get("lang", "").partition("-")[0].lower()
    if asked in WORDS:
        return asked
    accepted = weights(request.headers.getall("Accept-Language", ()))
    # The sort is stable: of two that are wanted equally the first one counts.
    ranges = sorted(
        (each for each in accepted if accepted[each] > 0), key=lambda each: -accepted[each]
    )
    languages = (each.partition("-")[0] for each in ranges)
    return next((lang for lang in languages if lang in WORDS), _DEFAULT)


def number(lang: str, value: int) -> str:
    """Return the whole number `value`, 0 or more, as it is written in `lang`."""
    if value < 10_000 and lang in _NONE_IN_FOUR:
        return str(value)
    return f"{value:,}".replace(",", _GROUPS.get(lang, "."))


def context(lang: str, words: Mapping[str, str]) -> dict[str, object]:
    """Return what every template has: `words`, each also by its own name, and the languages."""
    return {
        "language": WORDS[lang]["language"],
        **words,
        "words": words,
        "lang": lang,
        "latin": lang not in _OTHER_LETTERS,
        "dir": "rtl" if lang in RTL else "ltr",
        "languages": [(other, each["own_name"]) for other, each in WORDS.items()],
    }


def pages(
    template: Template, words: Mapping[str, Mapping[str, str]] = WORDS, **values: object
) -> dict[str, ServedFile]:
    """Return the page that `template` makes of `words` and `values`, in every language."""
    return {
        lang: ServedFile.of("page.html", template.render({**context(lang, own), **values}).encode())
        for lang, own in words.items()
    }


def in_readers_language(request: web.Request, page: Mapping[str, ServedFile]) -> web.Response:
    """Answer `request` with its language of `page`."""
    return by_language(request, page[language_of(request)])


def by_language(request: web.Request, page: ServedFile) -> web.Response:
    """Answer `request` with `page`, which is in the reader's language."""
    response = page.reply(request)
    response.headers["Vary"] = "Accept-Encoding, Accept-Language"
    return response
