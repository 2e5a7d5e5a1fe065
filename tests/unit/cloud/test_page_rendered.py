"""What stands in the HTML of a kitchen's page before any script runs."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from likelight.assets import catalogue
from likelight.contract import State, Summary, SummaryLikes
from likelight.web.http.public_site import PublicSite
from likelight_cloud.page.files import BUNDLED
from likelight_cloud.page.kitchen import Became, KitchenPages, Place
from likelight_cloud.page.languages import WORDS, number
from support.stub_cloud import StubCloud


def body(reply: web.Response) -> str:
    assert isinstance(reply.body, bytes)
    return reply.body.decode()


class Pages:
    """The page of a kitchen whose `summary` a test sets."""

    def __init__(self) -> None:
        self.summary: Summary | None = StubCloud().summary
        self.became: Became = {}
        self._pages = KitchenPages(self._look, self._offered, self._became, PublicSite(), BUNDLED)

    async def _look(self, _: str) -> Summary | None:
        return self.summary

    async def _offered(self, _: Summary | None) -> catalogue.Notes:
        return catalogue.BUNDLED

    async def _became(self, _: web.Request) -> Became:
        return self.became

    def tell(self, **fields: Any) -> None:
        assert self.summary is not None
        self.summary = self.summary.model_copy(update=fields)

    async def reply(self, lang: str = "en", place: Place = "page", tag: str = "") -> web.Response:
        headers = {"Accept-Language": lang, "If-None-Match": tag}
        request = make_mocked_request("GET", "/k/demo", headers=headers, match_info={"kid": "demo"})
        return await self._pages.reply(request, place)

    async def text(self, lang: str = "en", place: Place = "page") -> str:
        return body(await self.reply(lang, place))


@pytest.fixture
async def pages() -> Pages:
    return Pages()


def between(text: str, before: str, after: str = "<") -> str:
    """Return what a reader reads after the first `before`."""
    return html.unescape(text.split(before, 1)[1].split(after, 1)[0])


@pytest.mark.parametrize("lang", WORDS)
async def test_name_state_total_and_notes_stand_there_in_the_reader_s_language(
    pages: Pages, lang: str
) -> None:
    text = await pages.text(lang)
    direction = "rtl" if lang == "ar" else "ltr"
    assert f'<html lang="{lang}" dir="{direction}">' in text
    assert between(text, '<h1 id="name" translate="no">') == "The corner kitchen"
    assert between(text, "<title>") == WORDS[lang]["named"].replace("{name}", "The corner kitchen")
    assert f"<span>{html.escape(WORDS[lang]['live'])}</span>" in text
    assert between(text, 'data-total="1204">') == number(lang, 1204)
    found = re.findall(r'data-code="(\w+)">.*?<span dir="auto">(.*?)</span>', text)
    notes = [(code, html.unescape(said)) for code, said in found]
    wanted = [(note.code, note.text) for note in catalogue.load(lang).notes]
    assert notes[:6] == wanted[:6]
    assert sorted(notes) == sorted(wanted)
    assert f'<option value="{lang}" lang="{lang}" selected>{WORDS[lang]["own_name"]}<' in text
    assert json.loads(between(text, 'id="words">', "</script>")) == WORDS[lang]
    assert "{{" not in text


@pytest.mark.parametrize("state", State)
async def test_the_title_says_live_where_there_may_be_a_picture_alone(
    pages: Pages, state: State
) -> None:
    pages.tell(state=state)
    live = state in (State.LIVE, State.IDLE, State.INTERRUPTED)
    title = "The corner kitchen, live" if live else "The corner kitchen"
    assert between(await pages.text(), "<title>") == title


async def test_badge_and_audience_are_there_only_where_they_are_true(pages: Pages) -> None:
    text = await pages.text()
    assert '<p id="badge"><b>SIMULATED</b>' in text
    assert '<span id="viewers"><b id="band" translate="no">30-49</b>' in text
    viewers = StubCloud().summary.viewers.model_copy(update={"band": None})
    pages.tell(simulated=False, viewers=viewers)
    text = await pages.text()
    assert '<p id="badge" hidden>' in text
    assert '<span id="viewers" hidden>' in text


@pytest.mark.parametrize("state", State)
async def test_guests_in_the_house_read_what_concerns_them(pages: Pages, state: State) -> None:
    pages.tell(state=state)
    text = await pages.text(place="here")
    fine = state in (State.LIVE, State.IDLE)
    assert (f"<span>{html.escape(WORDS['en']['here'])}</span>" in text) == fine
    assert '<meta name="robots" content="noindex">' in text
    assert between(text, "<title>") == "The corner kitchen"


@pytest.mark.parametrize(
    ("lang", "total", "likes", "watching"),
    [
        ("en", 1, "like", "watching"),
        ("en", 2, "likes", "watching"),
        ("fr", 0, "j’aime", "regardent"),
        ("pl", 22, "polubienia", "ogląda"),
        ("pl", 25, "polubień", "ogląda"),
        ("ar", 2, "إعجابان", "يشاهدون"),
    ],
)
async def test_counted_words_have_the_form_of_their_number(
    pages: Pages, lang: str, total: int, likes: str, watching: str
) -> None:
    pages.tell(likes=SummaryLikes(total=total))
    text = await pages.text(lang)
    assert between(text, f'data-total="{total}">{total}</b> <span>') == likes
    assert between(text, "30-49</b> <span>") == watching


async def test_a_closed_kitchen_s_opening_is_exact_without_a_script_too(pages: Pages) -> None:
    pages.tell(state=State.CLOSED, opens_at=datetime(2026, 12, 1, 11, 0, tzinfo=UTC))
    text = await pages.text()
    assert 'opens again <time class="when">2026-12-01 11:00 UTC</time>. Your note waits' in text


async def test_while_nobody_can_know_the_page_says_what_holds_for_any_kitchen(
    pages: Pages,
) -> None:
    pages.summary = None
    text = await pages.text("de")
    assert between(text, '<h1 id="name" translate="no">') == WORDS["de"]["kitchen"]
    assert f"<span>{html.escape(WORDS['de']['waking'])}</span>" in text
    assert json.loads(between(text, 'id="summary">', "</script>")) is None


async def test_a_kitchen_s_name_is_text_wherever_it_stands(pages: Pages) -> None:
    name = "</script><script>alert(1)</script>\"'&{{ 7 * 7 }}"
    pages.tell(name=name)
    text = await pages.text()
    assert "<script>alert" not in text
    assert between(text, '<h1 id="name" translate="no">') == name
    assert json.loads(between(text, 'id="summary">', "</script>"))["name"] == name


async def test_the_page_is_the_same_until_there_is_news_and_a_cache_keeps_languages_apart(
    pages: Pages,
) -> None:
    first = await pages.reply()
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers["Vary"] == "Accept-Encoding, Accept-Language"
    assert pages.summary is not None
    pages.tell(server_time=pages.summary.server_time + timedelta(hours=1))
    assert (await pages.reply(tag=first.headers["ETag"])).status == 304
    assert (await pages.reply("ja", tag=first.headers["ETag"])).status == 200
    pages.tell(state=State.PRIVATE)
    assert (await pages.reply(tag=first.headers["ETag"])).status == 200


@pytest.mark.parametrize("lang", WORDS)
async def test_without_a_script_the_page_tells_what_became_of_a_form(
    pages: Pages, lang: str
) -> None:
    assert 'data-kind="note" hidden>' in await pages.text(lang)
    pages.became = {"note": "note_limit"}
    reply = await pages.reply(lang)
    told = WORDS[lang]["note_limit"].replace("{when}", WORDS[lang]["shortly"])
    assert between(body(reply), 'data-kind="note">', "</p>").endswith(f"<span>{told}</span>")
    assert 'data-kind="like" hidden>' in body(reply)
    assert reply.headers["Cache-Control"] == "no-store"
    # What one viewer is told is not kept for another one.
    pages.became = {}
    assert told not in (await pages.text(lang)).split('id="notes"')[0].split("</head>")[1]
