"""The viewer's page in twelve languages: the same words in each, and the reader's own first."""

import re
import time

import pytest
from aiohttp.test_utils import make_mocked_request

from likelight.assets import catalogue
from likelight.assets.plurals import categories
from likelight_cloud.page.kitchen import parted
from likelight_cloud.page.languages import WORDS, language_of

PLACES = re.compile(r"\{\w+\}")
COUNTED = re.compile(r"_(zero|one|two|few|many|other)$")

every_language = pytest.mark.parametrize("lang", WORDS)


def test_the_page_speaks_the_languages_that_the_notes_do() -> None:
    assert tuple(WORDS) == catalogue.languages()


@every_language
def test_every_language_has_the_same_words(lang: str) -> None:
    english = {COUNTED.sub("", key): text for key, text in WORDS["en"].items()}

    assert {COUNTED.sub("", key) for key in WORDS[lang]} == english.keys()
    for key, text in WORDS[lang].items():
        assert text.strip(), key
        places = PLACES.findall(english[COUNTED.sub("", key)])
        assert sorted(PLACES.findall(text)) == sorted(places), key
        assert "!" not in text


@every_language
def test_counted_words_have_exactly_the_forms_of_their_language(lang: str) -> None:
    forms: dict[str, set[str]] = {}
    for key in WORDS[lang]:
        if found := COUNTED.search(key):
            forms.setdefault(key.removesuffix(found[0]), set()).add(found[0][1:])

    assert {"likes", "total", "watching"} <= forms.keys()
    assert forms == {key: set(categories(lang)) for key in forms}


@every_language
def test_nothing_is_left_in_english(lang: str) -> None:
    longer = {key for key, text in WORDS["en"].items() if len(text) > 20}
    same = {key for key in longer if lang != "en" and WORDS[lang][key] == WORDS["en"][key]}
    assert not same


@every_language
def test_what_is_drawn_into_the_window_is_a_sentence_and_the_rest_another(lang: str) -> None:
    words = WORDS[lang]
    for state in ("private", "fault", "off", "offline", "interrupted", "lost", "waking_long"):
        what, between, rest = parted(words[state])
        assert what + between + rest == words[state]
        assert rest, state
        assert not what.endswith("}"), state
    for alone in ("closed", "waking", "unknown"):
        assert parted(words[alone]) == (words[alone], "", "")
    assert len(words["weekdays"].split(",")) == 7


@pytest.mark.parametrize(
    ("query", "accepts", "answered"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "tlh,pt-BR;q=0.7,fr;q=0.9", "fr"),
        ("", "zh-TW, ja;q=0", "en"),
        ("", "*, ;;;q=x, " * 50, "en"),
        ("", "fr ; Q=0.5,de;q=nan,pl; q=0.6", "pl"),
        ("?lang=tr", "de", "tr"),
        ("?lang=pt-BR", "de", "pt"),
        ("?lang=../x", "vi", "vi"),
    ],
)
def test_the_reader_s_language_is_chosen(query: str, accepts: str, answered: str) -> None:
    request = make_mocked_request("GET", f"/k/demo{query}", headers={"Accept-Language": accepts})

    assert language_of(request) == answered


def test_no_header_holds_the_server_while_a_language_is_chosen() -> None:
    """The longest that the server takes, 8 kB; a time of the processor, which no load changes."""
    for accepts in ("aaaaaaaa" + " " * 8000 + "!", "de;q" * 2000, "a-" * 4000, "de," * 2700):
        request = make_mocked_request("GET", "/k/demo", headers={"Accept-Language": accepts})
        begun = time.process_time()
        language_of(request)
        assert time.process_time() - begun < 0.5
