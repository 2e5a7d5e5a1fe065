"""What a browser without JavaScript sends: forms, which have the limits of the API."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from likelight_cloud.page.languages import WORDS
from support.cloud import KID, Reply, Site, serving
from support.cloud_server import cloud_server

PAGE = f"/k/{KID}"
PERSON = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with serving(tmp_path / "cloud.db") as site:
        yield site


async def send(site: Site, form: dict[str, str], path: str = PAGE, **headers: str) -> Reply:
    return await site.call("POST", path, data=form, headers=headers, allow_redirects=False)


def back_to(reply: Reply) -> str:
    assert reply.status == 303
    assert reply.headers["Cache-Control"] == "no-store"
    where: str = reply.headers["Location"]
    return where


async def test_a_form_likes_once_and_leads_back_with_the_total_it_made(site: Site) -> None:
    await site.like(4)
    assert back_to(await send(site, {"like": "1"}, f"{PAGE}?lang=de")) == f"{PAGE}?lang=de&like=5"
    assert back_to(await send(site, {"like": "1"}, f"{PAGE}/here")) == f"{PAGE}/here?like=6"
    likes = (await site.poll((await site.poll()).body["cursor"])).body["likes"]
    assert likes["total"] == 6


async def test_a_guest_s_form_counts_as_here(site: Site) -> None:
    cursor = (await site.poll()).body["cursor"]
    await send(site, {"like": "1"})
    await send(site, {"like": "1"}, f"{PAGE}/here")
    assert (await site.poll(cursor)).body["likes"]["by_source"] == {"page": 1, "here": 1}


async def test_a_form_sends_a_note_and_leads_back_with_its_id(site: Site) -> None:
    where = back_to(await send(site, {"note": "heroes"}))
    id = where.removeprefix(f"{PAGE}?note=")
    assert (await site.call("GET", f"/v1/notes/{id}")).body["state"] == "queued"
    assert [note["code"] for note in (await site.poll()).body["notes"]] == ["heroes"]


async def test_forms_have_a_viewer_s_limits_and_lead_back_when_it_is_too_soon(site: Site) -> None:
    await site.like(20)
    assert back_to(await send(site, {"like": "1"})) == f"{PAGE}?wait=like"
    await send(site, {"note": "heroes"})
    assert back_to(await send(site, {"note": "hello"})) == f"{PAGE}?wait=note"
    assert (await site.summary())["likes"]["total"] == 20
    assert len((await site.poll()).body["notes"]) == 1


async def test_a_form_for_whose_note_there_is_no_room_leads_back_and_the_page_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was the problem as JSON; and whose very first like came too soon was told nothing."""
    for limit in ("CROWDED", "MOST_WAITING"):
        monkeypatch.setattr(f"likelight_cloud.kitchens.waiting.{limit}", 0)
    async with (
        cloud_server(tmp_path / "cloud.db") as served,
        aiohttp.ClientSession(served.public) as browser,
    ):
        async with browser.post(PAGE, data={"note": "heroes"}) as page:
            assert page.url.query_string == "wait=full"
            assert "Many notes wait for the crew already" in await page.text()
        assert not browser.cookie_jar
        async with browser.get(f"{PAGE}/here?wait=like") as page:
            assert WORDS["en"]["glowing"] in await page.text()
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(
    ("form", "status"), [({"note": "rude"}, 422), ({}, 422), ({"x": "1" * 17_000}, 413)]
)
async def test_a_form_that_breaks_the_contract_changes_nothing(
    site: Site, form: dict[str, str], status: int
) -> None:
    assert (await send(site, form)).status == status
    assert (await send(site, form, "/k/nowhere")).status in (status, 404)
    assert (await site.summary())["likes"]["total"] == 0


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}]
)
async def test_another_site_s_form_is_403(site: Site, headers: dict[str, str]) -> None:
    assert (await send(site, {"like": "1"}, **headers)).status == 403
    assert (await site.summary())["likes"]["total"] == 0


async def test_a_form_is_asked_to_come_again_while_the_store_is_closed(site: Site) -> None:
    site.cloud.ready.clear()
    assert (await send(site, {"like": "1"})).status == 503


async def test_a_form_in_a_frame_leads_back_into_it_and_is_told_what_became_without_a_cookie(
    tmp_path: Path,
) -> None:
    """It opened the kitchen's own page in another tab: browsers keep no cookie of ours there."""
    async with (
        cloud_server(tmp_path / "cloud.db", embed_origins=("https://brand.example",)) as served,
        aiohttp.ClientSession(served.public, cookie_jar=aiohttp.DummyCookieJar()) as browser,
    ):
        for form, words in (({"like": "1"}, "Sent"), ({"note": "heroes"}, "Sent: ")):
            async with browser.post(f"/embed/{KID}?lang=en", data=form) as page:
                assert page.url.path == f"/embed/{KID}"
                text = await page.text()
            assert f"<span>{words.rstrip(': ')}</span>" in text
            assert "<form" in text
            assert "target=" not in text.partition("<form")[2].partition("<footer")[0]
        async with browser.get(f"/k/{KID}?like=1") as page:
            assert "<span>Sent</span>" not in await page.text()
        async with browser.post("/embed/nowhere", data={"like": "1"}, headers=PERSON) as page:
            assert page.status == 404
            policy = page.headers["Content-Security-Policy"]
            assert "frame-ancestors https://brand.example;" in policy


async def test_a_refused_form_is_a_page_with_a_way_back_in_the_viewer_s_language(
    tmp_path: Path,
) -> None:
    """It was JSON, and the end of the way."""
    async with (
        cloud_server(tmp_path / "cloud.db") as served,
        aiohttp.ClientSession(served.public, headers=PERSON) as browser,
    ):

        async def refused(form: dict[str, str], path: str = f"{PAGE}?lang=de") -> str:
            async with browser.post(path, data=form) as page:
                assert page.content_type == "text/html"
                assert page.headers["Cache-Control"] == "no-store"
                return f"{page.status} {page.headers.get('Retry-After')} {await page.text()}"

        back = '<a href="?lang=de">Zurück zur Küche</a>'
        unknown = await refused({"note": "rude"})
        assert unknown.startswith("422 None")
        assert "<h1>Dieser Gruß konnte nicht gesendet werden.</h1>" in unknown
        assert back in unknown
        nowhere = await refused({"like": "1"}, "/k/nowhere/here?lang=de")
        assert nowhere.startswith("404 None")
        assert "Unter dieser Adresse gibt es keine Küche." in nowhere
        assert "Zurück" not in nowhere
        served.cloud.ready.clear()
        busy = await refused({"like": "1"})
        assert busy.startswith("503 1 ")
        assert "Versuch es gleich noch einmal." in busy
        assert back in busy
        async with browser.post(PAGE, data={"like": "1"}, headers={"Accept": "*/*"}) as problem:
            assert problem.content_type == "application/problem+json"
