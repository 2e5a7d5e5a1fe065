"""What a browser without JavaScript sends: forms, which have the limits of the API."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from likelight_cloud.page.languages import WORDS
from support.cloud import KID, Reply, Site, serving
from support.cloud_server import cloud_server

PAGE = f"/k/{KID}"


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
