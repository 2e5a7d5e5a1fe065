"""What is kept of viewers: as the record says it, as the database has it, and until deleted."""

import json
import re
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import aiohttp
import pytest

from likelight_cloud.page.languages import WORDS, read_words
from likelight_cloud.page.privacy import privacy_routes
from support.cloud import KID, NOON, Site, WallClock, serving
from support.cloud_server import cloud_server
from support.serving import serving as serving_routes

CLOUD = Path(__file__).parents[3] / "cloud" / "likelight_cloud"
RECORD = json.loads((CLOUD / "page" / "privacy.json").read_text("utf-8"))
PRIVACY_WORDS = read_words(CLOUD / "page" / "privacy_words")
EMPTY = {"token": None, "bound": []}


def test_the_record_says_why_and_how_long_of_each_entry() -> None:
    for entry in [*RECORD["stored"], *RECORD["in_memory"]]:
        assert entry["why"], entry["what"]
        assert entry["until"], entry["what"]
        assert entry["kept_s"] is None or entry["kept_s"] > 0
    assert {entry["kept_s"] for entry in RECORD["stored"]} == {
        None,
        10 * 60,
        15 * 60,
        30 * 60,
        24 * 3600,
        30 * 3600,
        2 * 24 * 3600,
        84 * 24 * 3600,
        400 * 24 * 3600,
        30 * 24 * 3600,
    }


def test_the_record_names_what_a_tab_keeps() -> None:
    (name,) = RECORD["session_storage"]["names"]
    kept = (CLOUD / "page" / "static" / "kept.js").read_text("utf-8")
    assert name == re.findall(r'"(likelight:[\w:]*)"', kept)[0] + "{kid}"
    stores = [
        path.name
        for path in (CLOUD / "page" / "static").glob("*.js")
        if re.search("(session|local)Storage|indexedDB|caches\\.", path.read_text("utf-8"))
    ]
    assert stores == ["kept.js"]


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


async def test_a_viewer_sees_what_is_kept_and_deletes_it(tmp_path: Path, clock: WallClock) -> None:
    async with serving(tmp_path / "cloud.db", now=clock) as site:
        assert (await site.call("GET", "/v1/me")).body == EMPTY
        liked = await site.like(3)
        cookie = SimpleCookie(liked.headers["Set-Cookie"])[RECORD["cookie"]["names"][0]]
        assert cookie["max-age"] == str(RECORD["cookie"]["kept_s"]) == "86400"
        await site.note()
        clock.step(minutes=90)
        me = (await site.call("GET", "/v1/me")).body
        assert me["token"] == {
            "issued_at": "2026-11-21T12:00:00.000Z",
            "age_s": 5400,
            "expires_at": "2026-11-22T12:00:00.000Z",
        }
        (bound,) = me["bound"]
        assert bound.keys() == {"kid", "likes_ready", "notes_today"}
        assert (bound["kid"], bound["notes_today"]) == (KID, 1)
        assert 17 <= bound["likes_ready"] <= 20

        gone = await site.call("DELETE", "/v1/me")
        assert gone.status == 204
        assert "Max-Age=0" in gone.headers["Set-Cookie"]
        assert (await site.call("GET", "/v1/me")).body == EMPTY
        again = await site.call("GET", "/v1/me", headers={"Cookie": f"{cookie.key}={cookie.value}"})
        assert again.body["token"], "it is signed, and no list of tokens is kept"
        assert again.body["bound"] == []


async def test_a_deletion_is_the_viewer_s_own(tmp_path: Path) -> None:
    async with serving(tmp_path / "cloud.db") as site, _another(site) as other:
        await site.like()
        batch = {"n": 1, "batch": "01234567-89ab-cdef-0123-456789abcdef"}
        await (await other.post(f"/v1/kitchens/{KID}/likes", json=batch)).read()
        foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
        assert (await site.call("DELETE", "/v1/me", headers=foreign)).status == 403
        assert (await site.call("DELETE", "/v1/me")).status == 204
        async with other.get("/v1/me") as reply:
            assert len((await reply.json())["bound"]) == 1


async def test_a_repeated_request_no_longer_gets_the_deleted_token(tmp_path: Path) -> None:
    batch = "01234567-89ab-cdef-0123-456789abcdef"
    async with serving(tmp_path / "cloud.db") as site:

        async def token() -> str:
            site.forget_viewer()
            return (await site.like(batch=batch)).headers["Set-Cookie"].partition(";")[0]

        first = await token()
        assert await token() == first
        await site.call("DELETE", "/v1/me")
        assert await token() != first


def _another(site: Site) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(site.base, cookie_jar=aiohttp.CookieJar(unsafe=True))


async def test_the_page_speaks_twelve_languages_and_names_the_contact(tmp_path: Path) -> None:
    words = PRIVACY_WORDS
    assert words.keys() == WORDS.keys()
    async with (
        cloud_server(tmp_path / "cloud.db") as site,
        aiohttp.ClientSession(site.public) as session,
    ):
        for lang, own in words.items():
            assert own.keys() == words["en"].keys()
            assert "!" not in "".join(own.values())
            assert own["cookie_there"].count("{time}") == 1
            if lang != "en":
                same = {key for key in own if own[key] == words["en"][key]} - {"title"}
                assert not same, lang
            async with session.get("/privacy", headers={"Accept-Language": lang}) as reply:
                page = await reply.text()
                assert f'<html lang="{lang}"' in page
                assert f"<h1>{own['title']}</h1>" in page
                assert 'href="mailto:it@kitchens.example"' in page
                assert "{{" not in page
            async with session.get(f"/k/{KID}", headers={"Accept-Language": lang}) as reply:
                assert f'href="/privacy?lang={lang}"' in await reply.text()


async def test_a_fault_is_reported_to_the_contact(tmp_path: Path) -> None:
    routes = privacy_routes(contact="https://example.com/report", now=lambda: NOON)
    async with serving_routes(routes) as url, aiohttp.ClientSession(url) as session:
        async with session.get("/.well-known/security.txt") as reply:
            assert reply.content_type == "text/plain"
            fields = dict(line.split(": ", 1) for line in (await reply.text()).splitlines())
    assert fields["Contact"] == "https://example.com/report"
    assert fields["Canonical"] == f"{url}/.well-known/security.txt"
    expires = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=150) < expires - NOON < timedelta(days=365)


async def test_without_a_contact_nobody_is_named(tmp_path: Path) -> None:
    routes = privacy_routes(contact=None, now=lambda: NOON)
    async with serving_routes(routes) as url, aiohttp.ClientSession(url) as session:
        async with session.get("/.well-known/security.txt") as reply:
            assert reply.status == 404
            assert "--contact" in (await reply.json())["detail"]
        async with session.get("/privacy") as reply:
            assert "mailto:" not in await reply.text()
