"""Two clouds on one database serve one kitchen: for a moment while a proxy routes it anew, or for
longer where two proxies differ about who is alive."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from likelight.contract import State
from likelight.runtime.clock import utc_now
from likelight_cloud import app
from support.cloud import KID, bearer, status
from support.ingest import Sender, add_sources, signed_source
from support.postgresql import Server
from support.relay import RelaySite, relay_site
from support.waiting import WITHIN_S, until

FEED = f"/v1/kitchens/{KID}"
NOTE = {"code": "heroes"}


@pytest.fixture
def database(postgresql: Server) -> Iterator[str]:
    with postgresql.database() as url:
        yield url


@asynccontextmanager
async def two(database: str) -> AsyncIterator[tuple[RelaySite, RelaySite]]:
    """Serve both; each has been asked for the kitchen before."""
    async with relay_site(database) as one, relay_site(database) as other:
        for site in (one, other):
            await site.summary()
        yield one, other


async def test_what_both_take_reaches_the_device_once_and_without_a_gap(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Neither hears of what the other commits, but where it has to ask.
    monkeypatch.setattr(app, "LOOK_S", 3600.0)
    async with two(database) as sites:
        first = (await sites[0].poll()).body
        cursor, epoch = first["cursor"], first["epoch"]
        delta, liked = 0, 0
        seqs: list[tuple[int, str]] = []
        sent: list[str] = []
        for turn in range(12):
            served, other = sites[turn % 2], sites[(turn + 1) % 2]
            assert (await served.poll(cursor)).status == 200, "its reply is lost"
            for site in (served, other, other):
                site.forget_viewer()
                liked += (await site.like(2)).body["accepted"]
                sent.append((await site.note()).body["id"])
            for _ in range(2):
                reply = await served.poll(cursor)
                assert (reply.status, reply.body["epoch"]) == (200, epoch)
                assert reply.body["dropped_notes"] == 0
                cursor = reply.body["cursor"]
                delta += reply.body["likes"]["delta"]
                seqs += [(note["seq"], note["id"]) for note in reply.body["notes"]]
        for site in sites:
            await site.cloud.look_again(await site.cloud.kitchen(KID))
        reply = await sites[0].poll(cursor)
        delta += reply.body["likes"]["delta"]
        seqs += [(note["seq"], note["id"]) for note in reply.body["notes"]]
        assert delta == reply.body["likes"]["total"] == liked
        assert seqs == list(enumerate(sent, 1))


async def test_who_has_the_device_no_more_lets_the_kitchen_go(database: str) -> None:
    """Where it polls, its pictures come, and there its viewers belong."""
    async with two(database) as (one, other):
        assert (await one.status()).status == 200
        pictures = one.session.ws_connect(f"{one.base}/k/{KID}/ws")
        likes = one.session.get(f"{one.base}{FEED}/live")
        async with one.device() as device, pictures as watcher, likes as live:
            await device.open()
            await until(lambda: one.hub.state is State.LIVE)
            cursor = (await one.poll()).body["cursor"]
            held = asyncio.create_task(one.poll(cursor, wait=30))
            await until(lambda: one.cloud.loaded_kitchens()[0].polled)
            assert (await other.poll(cursor)).status == 200
            async with asyncio.timeout(WITHIN_S):
                # At once, and no fault: it was not another device that took over.
                assert (await held).status == 200
                await live.read()
                await device.closed()
                async for _ in watcher:
                    pass
        assert one.cloud.loaded_kitchens() == ()
        assert other.cloud.loaded_kitchens() != ()
        # Viewers who come here in spite of that read what the device says there.
        assert (await one.summary())["state"] == "live"
        reply = await other.call(
            "POST",
            f"{FEED}/status",
            json=status(
                n=2,
                camera={"state": "private", "since": "2026-11-21T11:59:00.000Z", "cause": "button"},
            ),
            headers=bearer(),
        )
        assert reply.status == 200
        async with asyncio.timeout(WITHIN_S):
            while (await one.summary())["state"] != "private":
                await asyncio.sleep(0.05)
        # And back.
        assert (await one.poll(cursor)).status == 200
        await until(lambda: other.cloud.loaded_kitchens() == ())


async def test_a_device_heard_of_elsewhere_is_not_offline(
    database: str,
) -> None:
    async with two(database) as (one, other):
        assert (await one.summary())["state"] == "offline"
        assert (await other.status()).status == 200
        async with asyncio.timeout(WITHIN_S):
            while (await one.summary())["state"] != "live":
                await asyncio.sleep(0.05)


async def test_an_event_that_comes_to_both_counts_once_and_reaches_the_device(
    database: str,
) -> None:
    async with two(database) as sites:
        one = sites[0]
        cursor = (await one.poll()).body["cursor"]
        await add_sources(one.cloud.store, signed_source())
        senders = [Sender(site.session, site.base) for site in sites]
        at = utc_now()
        async with asyncio.TaskGroup() as group:
            sent = [
                group.create_task(sender.signed(f"e{n}", type, at, kitchen=KID, **data))
                for n in range(10)
                for sender in senders
                for type, data in ([("likes.delta", {"n": 3})] if n else [("note", NOTE)])
            ]
        answers = [task.result() for task in sent]
        assert {answer.status for answer in answers} == {200}
        for first, second in zip(answers[::2], answers[1::2], strict=True):
            assert first.body == second.body
        # Whichever has taken it, the one that the device polls tells whose it is.
        await one.cloud.look_again(await one.cloud.kitchen(KID))
        told = (await one.poll(cursor)).body
        assert told["likes"]["by_source"] == {"webhook:till": 27}
        assert [(note["code"], note["source"]) for note in told["notes"]] == [
            ("heroes", "webhook:till")
        ]
        # A total is counted from the one before, whichever has taken that.
        await senders[0].signed("t0", "likes.total", at, kitchen=KID, total=100)
        async with asyncio.TaskGroup() as group:
            totals = [
                group.create_task(
                    sender.signed(f"t{n}-{m}", "likes.total", at, kitchen=KID, total=100 + 10 * n)
                )
                for n in range(1, 11)
                for m, sender in enumerate(senders)
            ]
        assert sum(task.result().body["accepted"] for task in totals) == 100
        # What happens in the kitchen is read at the other one, too.
        await senders[1].signed("m1", "moment", at, kitchen=KID, moment="rush")
        async with asyncio.timeout(WITHIN_S):
            while (await one.summary())["moment"] is None:
                await asyncio.sleep(0.05)
