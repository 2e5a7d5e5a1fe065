"""`/wall`: its address, who may frame it, and the one event stream of its kitchens."""

import asyncio
import html
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from likelight.contract import State
from likelight_cloud.api.viewer import wall
from likelight_cloud.cli.main import main
from likelight_cloud.page.kitchen import parted
from likelight_cloud.page.languages import WORDS
from likelight_cloud.store.base import Store
from likelight_cloud.wall_page.page import WALL_WORDS
from support.cloud import KID
from support.cloud_server import cloud_server
from support.waiting import WITHIN_S
from support.wall import add_kitchen, report

BRAND = "https://www.example.com"
PERSON = {"Accept": "text/html"}


@dataclass
class Screen:
    """Reads the events of a wall."""

    content: aiohttp.StreamReader

    async def next(self, kind: str) -> Any:
        """Return what the next event of this `kind` has."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                event = (await self.content.readuntil(b"\n\n")).decode()
                fields = dict(line.split(": ", 1) for line in event.strip().splitlines())
                if fields["event"] == kind:
                    return json.loads(fields["data"])

    async def until_open(self, *kids: str) -> dict[str, Any]:
        """Read until exactly `kids` are open; return each kitchen as it is told."""
        while True:
            kitchens = {one["kid"]: one for one in (await self.next("wall"))["kitchens"]}
            if [kid for kid, told in kitchens.items() if told["open"]] == list(kids):
                return kitchens


@dataclass
class Lobby:
    """A cloud with kitchens of each kind."""

    store: Store
    session: aiohttp.ClientSession

    @asynccontextmanager
    async def screen(self, k: str) -> AsyncIterator[Screen]:
        """Follow the wall of the kitchens `k`."""
        async with self.session.get("/v1/wall/live", params={"k": k}) as reply:
            assert (reply.status, reply.content_type) == (200, "text/event-stream")
            assert reply.headers["Cache-Control"] == "no-store"
            yield Screen(reply.content)

    async def like(self, kid: str, n: int) -> None:
        body = {"n": n, "batch": str(uuid.uuid4())}
        async with self.session.post(f"/v1/kitchens/{kid}/likes", json=body) as reply:
            assert reply.status == 202


@asynccontextmanager
async def lobby(database: Path | str) -> AsyncIterator[Lobby]:
    async with (
        cloud_server(database, embed_origins=(BRAND,)) as site,
        aiohttp.ClientSession(site.public, cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        store = site.cloud.cloud.store
        for kid, state in (
            ("live", State.LIVE),
            ("waiting", State.IDLE),
            ("private", State.PRIVATE),
            ("closed", State.CLOSED),
        ):
            await add_kitchen(store, kid, f"The <b>{kid}</b> kitchen", state)
        yield Lobby(store, session)


async def test_private_closed_and_away_are_told_alike_and_only_the_brand_may_frame_it(
    tmp_path: Path,
) -> None:
    async with lobby(tmp_path / "cloud.db") as lobby_:
        names = f"live,waiting,private,closed,{KID}"
        async with lobby_.session.get("/wall", params={"k": names}) as reply:
            text = await reply.text()
        assert (reply.status, reply.content_type) == (200, "text/html")
        assert f"frame-ancestors {BRAND};" in reply.headers["Content-Security-Policy"]
        assert "script-src 'self';" in reply.headers["Content-Security-Policy"]
        assert reply.headers["X-Robots-Tag"] == "noindex"
        assert "Set-Cookie" not in reply.headers
        assert "<b>live</b>" not in text
        told = json.loads(text.split('id="kitchens">')[1].split("</script>")[0])
        off = {"open": False, "live": False}
        seen = {one["kid"]: {key: one[key] for key in off} for one in told}
        assert seen == {
            "live": {"open": True, "live": True},
            "waiting": {"open": True, "live": False},
            "private": off,
            "closed": off,
            KID: off,
        }
        for kid in ("live", KID):
            assert f'<a href="/k/{kid}?lang=en" target="_blank">' in text
        # The same again needs no second sending.
        tag = {"If-None-Match": reply.headers["ETag"]}
        async with lobby_.session.get("/wall", params={"k": names}, headers=tag) as reply:
            assert reply.status == 304


@pytest.mark.parametrize(
    ("k", "status", "detail"),
    [
        ("", 400, "This address names no kitchen."),
        (",,", 400, "This address names no kitchen."),
        ("live,,closed", 400, "'' is not a kitchen's id."),
        ("live,../fleet", 400, "'../fleet' is not a kitchen's id."),
        ("<script>", 400, "'<script>' is not a kitchen's id."),
        ("live,closed,live", 400, "live is named twice."),
        (",".join(f"k{n}" for n in range(10)), 400, "10 kitchens are named, and a wall shows 9"),
        ("live,nowhere", 404, "There is no kitchen called nowhere here."),
    ],
)
async def test_an_address_that_makes_no_wall_says_why_to_programs_and_to_persons(
    tmp_path: Path, k: str, status: int, detail: str
) -> None:
    async with lobby(tmp_path / "cloud.db") as lobby_:
        async with lobby_.session.get("/wall", params={"k": k}) as reply:
            assert (reply.status, reply.content_type) == (status, "application/problem+json")
            assert (await reply.json())["detail"].startswith(detail)
        for lang in ("en", "de", "ar"):
            asked = {"k": k, "lang": lang}
            async with lobby_.session.get("/wall", params=asked, headers=PERSON) as reply:
                assert (reply.status, reply.content_type) == (status, "text/html")
                assert reply.headers["Cache-Control"] == "no-store"
                text = html.unescape(await reply.text())
            words = WALL_WORDS[lang]
            what, _, rest = parted(words["no_wall"])
            assert rest in text
            said = what if status == 400 else words["unknown"].replace("{kid}", "nowhere")
            assert f"<h1>{said}</h1>" in text
        if status == 400:
            async with lobby_.session.get("/v1/wall/live", params={"k": k}) as reply:
                assert reply.status == 400


async def test_a_screen_goes_on_with_whoever_is_open_for_weeks(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wall, "LEAST_S", 0.05)
    monkeypatch.setattr(wall, "LOOK_AGAIN_S", 3600.0)
    async with lobby(database) as lobby_, lobby_.screen("live,waiting,closed") as screen:
        told = await screen.until_open("live", "waiting")
        assert set(told["live"]) == {"kid", "name", "simulated", "open", "live"}, "and no number"
        assert told["live"]["name"] == "The <b>live</b> kitchen"

        await lobby_.like("live", 20)
        assert await screen.next("hearts") == {"live": wall.MOST_HEARTS}
        await lobby_.like("closed", 2)
        await lobby_.like("waiting", 2)
        assert await screen.next("hearts") == {"waiting": 2}, "of one that is open alone"

        for away in (State.PRIVATE, State.CLOSED, State.OFF, State.FAULT):
            await report(lobby_.store, "live", away)
            gone = await screen.until_open("waiting")
            assert gone["live"] == {**told["live"], "open": False, "live": False}
            await report(lobby_.store, "live", State.LIVE)
            assert await screen.until_open("live", "waiting") == told

        # As an operator's command does, in a process of its own.
        assert (
            await asyncio.to_thread(main, ["kitchen", "remove", "--database", database, "live"])
            == 0
        )
        await screen.until_open("waiting")
        async with lobby_.session.get("/v1/wall/live", params={"k": "live"}) as reply:
            assert reply.status == 404
        monkeypatch.setattr(wall, "LOOK_AGAIN_S", 0.1)
        async with lobby_.screen("live,waiting") as restarted:
            await restarted.until_open("waiting")
            await add_kitchen(lobby_.store, "live", "Live again", State.LIVE)
            again = await restarted.until_open("live", "waiting")
            assert again["live"]["name"] == "Live again"


def test_the_wall_has_its_words_in_every_language_of_the_page() -> None:
    assert WALL_WORDS.keys() == WORDS.keys()
    for lang, words in WALL_WORDS.items():
        assert words.keys() == WALL_WORDS["en"].keys()
        for key in ("quiet", "no_wall"):
            assert parted(words[key])[2], f"{lang}: {key} is a sentence and more"
        assert "{kid}" in words["unknown"]
        assert lang == "en" or not words.items() & WALL_WORDS["en"].items()
        assert words["no_wall"].endswith("/wall?k=store-1,store-2")
