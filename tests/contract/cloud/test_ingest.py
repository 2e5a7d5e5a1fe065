"""Likes and notes that come as webhooks: once, within limits, and under their source's name."""

import asyncio
import hashlib
import hmac
import html
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from likelight.runtime.clock import loop_time
from likelight_cloud.page.languages import WORDS
from likelight_cloud.store.base import Store
from likelight_cloud.trust.ceilings import KitchenLimits
from likelight_cloud.trust.device import hashed
from support.cloud import KID, NOON, Site, WallClock, serving
from support.cloud_server import cloud_server
from support.ingest import (
    BEARER,
    SECRET,
    STANDARD,
    Sender,
    add_sources,
    bearer_source,
    signature,
    signed_source,
)

LIMITS = KitchenLimits()


@dataclass
class Place:
    """A cloud that takes events, its device and viewers, and two senders."""

    site: Site
    store: Store
    clock: WallClock
    till: Sender
    tool: Sender

    def sender(self, name: str) -> Sender:
        return Sender(self.site.session, self.site.base, name)

    async def told(self, cursor: str) -> Any:
        return (await self.site.poll(cursor)).body


@asynccontextmanager
async def ingesting(
    database: Path | str, clock: WallClock | None = None, limits: KitchenLimits = LIMITS
) -> AsyncIterator[Place]:
    clock = clock or WallClock()
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        cloud_server(database, now=clock, limits=limits) as served,
        aiohttp.ClientSession(cookie_jar=jar) as session,
    ):
        cloud = served.cloud.cloud
        await add_sources(cloud.store, signed_source(), bearer_source())
        place = Place(
            Site(cloud, session, served.public),
            cloud.store,
            clock,
            Sender(session, served.public),
            Sender(session, served.public, "tool"),
        )
        yield place


async def test_what_a_source_sends_reaches_the_device_once_and_under_its_name(
    database: str,
) -> None:
    async with ingesting(database) as place:
        cursor = (await place.site.poll()).body["cursor"]
        first = await place.till.signed("e1", "likes.delta", kitchen=KID, n=3)
        assert (first.status, first.body) == (200, {"accepted": 3})
        assert first.headers["Cache-Control"] == "no-store"
        await place.site.like(2)
        base = await place.till.signed("e2", "likes.total", kitchen=KID, total=900)
        assert base.body == {
            "accepted": 0,
            "detail": "The first total is where counting begins: none of it counts.",
        }
        more = await place.till.signed("e3", "likes.total", kitchen=KID, total=912)
        assert more.body == {"accepted": 12}
        fall = await place.till.signed("e4", "likes.total", kitchen=KID, total=905)
        assert fall.body["accepted"] == 0
        assert fall.body["detail"] == "The total was 912 before. A lower one is ignored."
        note = await place.till.signed("e5", "note", kitchen=KID, code="heroes")
        assert (note.status, note.body["accepted"]) == (200, 1)
        await place.site.note("hello")

        told = await place.told(cursor)
        assert told["likes"]["by_source"] == {"page": 2, "webhook:till": 15}
        assert told["likes"]["delta"] == 17
        assert [(one["code"], one["source"]) for one in told["notes"]] == [
            ("heroes", "webhook:till"),
            ("hello", "page"),
        ]
        followed = await place.site.call("GET", f"/v1/notes/{note.body['note']}")
        assert followed.body["state"] == "queued"

        # Each again, as a sender does whose reply was lost: later, under a new signature.
        place.clock.step(hours=28)
        later = place.clock.at
        assert (await place.till.signed("e1", "likes.delta", later, kitchen=KID, n=3)).body == (
            first.body
        )
        assert (
            await place.till.signed("e3", "likes.total", later, kitchen=KID, total=912)
        ).body == (more.body)
        assert (await place.till.signed("e5", "note", later, kitchen=KID, code="heroes")).body == (
            note.body
        )
        other = await place.till.signed("e1", "likes.delta", later, kitchen=KID, n=4)
        assert (other.status, other.body["type"]) == (422, "urn:likelight:problem:invalid")
        assert "Another event had this id" in other.body["detail"]
        assert (await place.site.summary())["likes"]["total"] == 17
        cursor = told["cursor"]

    # And by another process, on what this one has left.
    async with ingesting(database, place.clock) as place:
        again = await place.till.signed("e1", "likes.delta", later, kitchen=KID, n=3)
        assert again.body == first.body
        await place.till.signed("e6", "likes.total", later, kitchen=KID, total=913)
        told = await place.told(cursor)
        assert (told["likes"]["delta"], told["likes"]["by_source"]) == (1, {"webhook:till": 1})
        assert told["notes"] == []
        # A source that is removed is refused at once; what it sent stays.
        assert await place.store.ingest.remove("till", NOON)
        assert not await place.store.ingest.remove("till", NOON)
        gone = await place.till.signed("e7", "likes.delta", later, kitchen=KID, n=1)
        assert (gone.status, "no source called till" in gone.body["detail"]) == (404, True)
        assert (await place.site.summary())["likes"]["total"] == 18
        await place.site.like(1)
        assert (await place.told(told["cursor"]))["likes"]["by_source"] == {"page": 1}


async def test_a_moment_changes_what_the_page_asks_for_three_minutes(database: str) -> None:
    async with ingesting(database) as place:

        async def asked() -> str:
            page = await place.site.call("GET", f"/k/{KID}?lang=de")
            return html.unescape(page.body.decode()).split('<p id="hint">')[1].split("</p>")[0]

        words = WORDS["de"]
        assert (await place.site.summary())["moment"] is None
        assert await asked() == words["hint"]
        first = await place.till.signed("m1", "moment", kitchen=KID, moment="in_oven")
        assert (first.status, first.body) == (200, {"accepted": 1})
        assert (await place.site.summary())["moment"] == {
            "kind": "in_oven",
            "until": "2026-11-21T12:03:00.000Z",
        }
        assert await asked() == words["ask_in_oven"]
        place.clock.step(minutes=2)
        at = place.clock.at
        await place.till.signed("m2", "moment", at, kitchen=KID, moment="out_of_oven")
        # The one before comes once more: it is over.
        await place.till.signed("m1", "moment", at, kitchen=KID, moment="in_oven")
        assert await asked() == words["ask_out_of_oven"]
        kitchen = await place.site.cloud.kitchen(KID)
        assert kitchen.next_timed_change() - loop_time() <= 180
        place.clock.step(minutes=3)
        assert (await place.site.summary())["moment"] is None
        assert await asked() == words["hint"]
        unsigned = {"type": "moment", "data": {"kitchen": KID, "moment": "rush"}}
        assert (await place.tool.bearer(unsigned)).status == 422


async def test_a_link_asks_its_own_viewer_alone(tmp_path: Path) -> None:
    key = STANDARD.key_of(SECRET)

    def link(kid: str = KID, left_s: int = 10_800, by: str = "till", key: bytes = key) -> str:
        expires = int(NOON.timestamp()) + left_s
        told = f"moment-link.{kid}.out_of_oven.{expires}".encode()
        mac = hmac.new(key, told, hashlib.sha256).hexdigest()
        return f"{by}.out_of_oven.{expires}.{mac}"

    async with ingesting(tmp_path / "cloud.db") as place:

        async def page(moment: str | None, path: str = f"/k/{KID}") -> tuple[str, Any]:
            query = {} if moment is None else {"moment": moment}
            reply = await place.site.call("GET", path, params=query)
            body = html.unescape(reply.body.decode())
            return body.split('<p id="hint">')[1].split("</p>")[0], reply

        words = WORDS["en"]
        for path in (f"/k/{KID}", f"/k/{KID}/here", f"/embed/{KID}"):
            asked, reply = await page(link(), path)
            assert asked == words["ask_out_of_oven"]
            assert reply.headers["Cache-Control"] == "no-store"
            # Neither the page nor what it gives to others has the link.
            assert link() not in reply.body.decode()
        assert (await place.site.summary())["moment"] is None
        assert (await page(None))[0] == words["hint"]
        right = link()
        for wrong in (
            "",
            link(left_s=0),
            link(left_s=10_801),
            link(kid="store-2"),
            link(by="nobody"),
            link(by="tool", key=hashed(BEARER)),
            link(key=b"another key of a test"),
            right.replace("out_of_oven", "in_oven"),
            right.replace("out_of_oven", "burnt"),
            right[:-1],
            right.upper(),
        ):
            asked, reply = await page(wrong)
            assert asked == words["hint"], wrong
            assert reply.headers["Cache-Control"] == "no-store"
        place.clock.step(hours=3)
        assert (await page(right))[0] == words["hint"]
        place.site.cloud.ready.clear()
        assert (await page(right))[0] == words["hint"]
        place.site.cloud.ready.set()


async def test_an_id_is_remembered_for_two_days_and_then_forgotten(tmp_path: Path) -> None:
    database = tmp_path / "cloud.db"
    async with ingesting(database) as place:

        async def send(id: str) -> None:
            at = place.clock.at
            assert (await place.till.signed(id, "likes.delta", at, kitchen=KID, n=1)).status == 200

        def kept() -> int:
            with closing(sqlite3.connect(database)) as db:
                count: int = db.execute("SELECT count(*) FROM source_event").fetchone()[0]
            return count

        await send("e1")
        place.clock.step(hours=47)
        await send("e2")
        assert kept() == 2
        place.clock.step(hours=1)
        await send("e3")
        assert kept() == 2


async def test_two_secrets_are_valid_in_a_rotation(tmp_path: Path) -> None:
    newer = STANDARD.new_secret()
    async with ingesting(tmp_path / "cloud.db") as place:
        keys = (STANDARD.key_of(newer), STANDARD.key_of(SECRET))
        await place.store.ingest.put_secrets("till", keys, NOON)
        for id, secret in (("e1", SECRET), ("e2", newer)):
            assert (
                await place.till.signed(id, "likes.delta", secret=secret, kitchen=KID, n=1)
            ).status == 200
        await place.store.ingest.put_secrets("till", keys[:1], NOON)
        ended = await place.till.signed("e3", "likes.delta", kitchen=KID, n=1)
        assert ended.status == 401
        gone = await place.site.call("POST", "/v1/ingest/no-such", json={})
        assert gone.status == 404
        assert place.site.cloud.refused_events == {("till", 401): 1, ("other", 404): 1}


BODY = b'{"type": "likes.delta", "data": {"kitchen": "demo", "n": 1}}'
RIGHT = signature("e1", NOON, BODY)


REFUSED = [
    (BODY, {**RIGHT, "webhook-signature": "v1,x"}, 401, "no signature in webhook-signature"),
    (BODY.replace(b"1", b"2"), RIGHT, 401, "This is not an event of the source till: no signature"),
    (BODY, {"Content-Type": "application/json"}, 401, "webhook-signature must be there once"),
    (BODY, signature("e1", NOON - timedelta(minutes=6), BODY), 401, "more than 300 s from now"),
    (BODY, {**RIGHT, "Content-Type": "text/plain"}, 415, "application/json"),
    (BODY, {**RIGHT, "Content-Encoding": "gzip"}, 415, "without Content-Encoding"),
    (BODY, {**RIGHT, "Sec-Fetch-Site": "cross-site"}, 403, "A page of another site"),
    (b"x" * 16_385, RIGHT, 413, "larger than 16384 bytes"),
    (b"{", signature("e1", NOON, b"{"), 400, "not JSON"),
]


async def test_what_is_no_event_of_its_sender_is_refused_in_words(tmp_path: Path) -> None:
    async with ingesting(tmp_path / "cloud.db") as place:
        for body, headers, status, words in REFUSED:
            reply = await place.till.send(body, headers)
            assert reply.status == status, words
            assert words in reply.body["detail"]
            assert ("WWW-Authenticate" in reply.headers) == (status == 401)
        assert (await place.site.summary())["likes"]["total"] == 0
        assert (await place.till.send(BODY, RIGHT)).status == 200


NONE: list[tuple[str, dict[str, Any], int, str]] = [
    ("likes.delta", {"kitchen": "nowhere", "n": 1}, 404, "no kitchen called nowhere"),
    ("likes.delta", {"kitchen": KID, "n": 10_001}, 422, "data.n"),
    ("likes.delta", {"kitchen": KID, "n": 0}, 422, "data.n"),
    ("likes.delta", {"kitchen": KID, "n": 1.5}, 422, "data.n"),
    ("likes.delta", {"n": 1}, 422, "data.kitchen"),
    ("likes.total", {"kitchen": KID, "total": 2**53}, 422, "data.total"),
    ("likes.total", {"kitchen": KID, "total": -1}, 422, "data.total"),
    ("note", {"kitchen": KID, "code": "no-such"}, 422, "no note called no-such"),
    ("note", {"kitchen": KID, "code": "<b>"}, 422, "data.code"),
    ("dislike", {"kitchen": KID, "n": 1}, 422, "likes.total"),
    ("moment", {"kitchen": KID, "moment": "burnt"}, 422, "data.moment"),
    ("moment", {"kitchen": "nowhere", "moment": "rush"}, 404, "no kitchen called nowhere"),
]


async def test_what_is_signed_and_no_event_is_refused_in_words(tmp_path: Path) -> None:
    async with ingesting(tmp_path / "cloud.db") as place:
        for type, data, status, words in NONE:
            reply = await place.till.signed("e1", type, **data)
            assert reply.status == status, words
            assert words in reply.body["detail"]
        # Its id is free: put right, it is taken.
        assert (await place.till.signed("e1", "likes.delta", kitchen=KID, n=1)).status == 200


async def test_what_else_is_in_an_event_is_not_looked_at_and_not_kept(tmp_path: Path) -> None:
    body = BODY.replace(b'"n": 1', b'"n": 1, "customer": "Erika Mustermann"')
    async with ingesting(tmp_path / "cloud.db") as place:
        assert (await place.till.send(body, signature("e1", NOON, body))).status == 200
    for file in tmp_path.glob("cloud.db*"):
        assert b"Mustermann" not in file.read_bytes()


async def test_a_source_sends_so_many_likes_an_hour(database: str) -> None:
    async with ingesting(database) as place:
        for turn in range(9):
            reply = await place.till.signed(f"d{turn}", "likes.delta", kitchen=KID, n=10_000)
            assert reply.status == 200
        await place.till.signed("t0", "likes.total", kitchen=KID, total=0)
        part = await place.till.signed("t1", "likes.total", kitchen=KID, total=25_000)
        assert part.body == {
            "accepted": 10_000,
            "detail": "The other 15000 count with the next totals.",
        }
        for id, type, data in (
            ("d9", "likes.delta", {"n": 1}),
            ("t2", "likes.total", {"total": 25_001}),
        ):
            over = await place.till.signed(id, type, kitchen=KID, **data)
            assert (over.status, over.body["type"]) == (429, "urn:likelight:problem:limit")
            assert over.headers["Retry-After"] == "3600"
        # Other sources and viewers are not held up.
        tool = {"type": "likes.delta", "data": {"kitchen": KID, "n": 20}}
        assert (await place.tool.bearer(tool)).body == {"accepted": 20}
        place.clock.step(hours=1)
        later = place.clock.at
        again = await place.till.signed("d9", "likes.delta", later, kitchen=KID, n=1)
        assert again.body == {"accepted": 1}
        rest = await place.till.signed("t3", "likes.total", later, kitchen=KID, total=25_001)
        assert rest.body["accepted"] == 10_000
        assert (await place.site.summary())["likes"]["total"] == 110_021


async def test_notes_keep_the_ceiling_of_the_kitchen(tmp_path: Path) -> None:
    async with ingesting(tmp_path / "cloud.db", limits=KitchenLimits(notes_per_min=1)) as place:
        sent = [
            await place.till.signed(f"e{turn}", "note", kitchen=KID, code="heroes")
            for turn in range(4)
        ]
        assert [one.status for one in sent] == [200, 200, 200, 429]
        assert "Very many are writing to this crew" in sent[3].body["detail"]
        # One that was taken gets its answer again, over the limit or not.
        again = await place.till.signed("e0", "note", kitchen=KID, code="heroes")
        assert again.body == sent[0].body
        assert (await place.site.note()).status == 429


async def test_notes_of_a_source_leave_room_for_those_of_viewers(tmp_path: Path) -> None:
    async with ingesting(tmp_path / "cloud.db") as place:
        until = NOON + timedelta(hours=1)
        async with asyncio.TaskGroup() as group:
            for n in range(500):
                key = f"key-{n}"
                note = place.store.add_note(
                    KID, id=key, code="heroes", key=key, at=NOON, expires_at=until
                )
                group.create_task(note)
        assert (await place.till.signed("e0", "note", kitchen=KID, code="heroes")).status == 200
        full = await place.till.signed("e1", "note", kitchen=KID, code="heroes")
        assert (full.status, full.body["type"]) == (429, "urn:likelight:problem:full")
        assert (await place.site.note()).status == 201


async def test_a_source_without_signatures_may_send_little(tmp_path: Path) -> None:
    likes = {"type": "likes.delta", "data": {"kitchen": KID, "n": 20}}
    async with ingesting(tmp_path / "cloud.db") as place:
        assert (await place.tool.bearer(likes)).body == {"accepted": 20}
        named = {**likes, "id": "e1"}
        for _ in range(2):
            assert (await place.tool.bearer(named)).body == {"accepted": 20}
        assert (await place.site.summary())["likes"]["total"] == 40
        note = await place.tool.bearer({"type": "note", "data": {"kitchen": KID, "code": "heroes"}})
        assert note.body["accepted"] == 1
        for data in (
            {"type": "likes.delta", "data": {"kitchen": KID, "n": 21}},
            {"type": "likes.total", "data": {"kitchen": KID, "total": 1}},
        ):
            refused = await place.tool.bearer(data)
            assert refused.status == 422
            assert "signs nothing, so it may send likes.delta of 1 to 20" in refused.body["detail"]
        for token in ("another-token-of-a-tool", ""):
            refused = await place.tool.bearer(likes, token)
            assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
        json_only = {"Content-Type": "application/json"}
        for query in (f"?token={BEARER}", f"?access_token={BEARER}", f"?authorization={BEARER}"):
            assert (await place.tool.send(BODY, json_only, query)).status == 401
        # A token is none of a signed source, and a signature none of the other.
        assert (await place.till.bearer(likes)).status == 401
        assert (await place.tool.send(BODY, RIGHT)).status == 401
        taken = 0
        while (status := (await place.tool.bearer(named)).status) == 200:
            taken += 1
        # 60 at once, of which some are used; on a slow machine there is one more each second.
        assert 40 <= taken < 200
        assert status == 429


async def test_there_is_no_source_that_nobody_added(tmp_path: Path) -> None:
    async with ingesting(tmp_path / "cloud.db") as place:
        for name in ("nobody", "caf%C3%A9", "%00"):
            reply = await place.sender(name).send(BODY, RIGHT)
            assert (reply.status, reply.headers["Content-Type"]) == (
                404,
                "application/problem+json",
            )


async def test_a_cloud_inside_a_device_takes_no_events(tmp_path: Path) -> None:
    async with serving(tmp_path / "cloud.db") as site:
        await add_sources(site.cloud.store, signed_source())
        assert (await Sender(site.session, site.base).send(BODY, RIGHT)).status == 404
