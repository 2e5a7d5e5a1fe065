"""A flood of notes for a closed kitchen: what it leaves to the others, through the cloud's HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.contract import Cause, State
from likelight_cloud.trust.ceilings import KitchenLimits
from support.cloud import KID, NOON, TOKEN, Reply
from support.crowd import Crowd, crowd
from support.device import Device
from support.virtual import run_virtual, virtual_now

FLOOD, HOUSE = "192.0.2.1", "203.0.113.1"
QUICK = KitchenLimits(notes_per_min=6000)
"""So that many come at once; the rate has tests of its own."""


class Evening:
    """A kitchen that is closed for three hours, its cloud and its viewers."""

    def __init__(self, folder: Path) -> None:
        self.now = virtual_now(NOON)
        self.database = folder / "cloud.db"
        self.memory = folder / "device.db"

    def cloud(self, limits: KitchenLimits) -> AbstractAsyncContextManager[Crowd]:
        return crowd(self.database, limits, now=self.now)

    @asynccontextmanager
    async def device(self, viewers: Crowd) -> AsyncIterator[Device]:
        async with (
            HttpCloud(viewers.site.public, KID, TOKEN) as cloud,
            Device(self.memory, cloud, self.now).living() as device,
        ):
            yield device

    @property
    def opens_at(self) -> datetime:
        return NOON + timedelta(hours=3)


def play(tmp_path: Path, scenario: Callable[[Evening], Coroutine[Any, Any, None]]) -> None:
    async def body() -> None:
        evening = Evening(tmp_path)
        evening.now()
        await scenario(evening)

    run_virtual(body())


def is_full(reply: Reply) -> bool:
    """Return whether there is no room for the note, and whether it says when there will be."""
    return (
        reply.status == 429
        and reply.body["type"] == "urn:likelight:problem:full"
        and 3 * 3600 - 60 < int(reply.headers["Retry-After"]) < 3 * 3600
    )


async def send(viewers: Crowd, address: str, count: int) -> list[str]:
    """Send notes of one kind, each as another viewer; return the ids of those that are taken."""
    replies = [await viewers.note(address) for _ in range(count)]
    return [str(reply.body["id"]) for reply in replies if reply.status == 201]


def test_a_flood_of_hours_from_one_address_keeps_no_accepted_note_from_the_panel(
    tmp_path: Path,
) -> None:
    """And it keeps nobody else from sending one, in the same words."""

    async def scenario(evening: Evening) -> None:
        async with (
            evening.cloud(KitchenLimits()) as viewers,
            evening.device(viewers) as device,
        ):
            await asyncio.sleep(1)
            device.turn(State.CLOSED, Cause.SCHEDULE, opens_at=evening.opens_at)
            flooded, honest = [], []
            for guest in range(30):
                for _ in range(4):
                    flooded += await send(viewers, FLOOD, 10)
                    await asyncio.sleep(90)
                honest += await send(viewers, f"198.51.100.{guest}", 1)
            assert len(honest) == 30
            assert 450 < len(flooded) < 500
            assert {await viewers.state(note) for note in [*honest, *flooded[::20]]} == {"held"}
            device.turn(State.IDLE)
            await asyncio.sleep(60)
            assert {await viewers.state(note) for note in [*honest, *flooded[::20]]} == {"shown"}

    play(tmp_path, scenario)


def test_a_house_of_a_hundred_guests_finds_room_beside_a_flood_and_more_than_a_thousand_nobody(
    tmp_path: Path,
) -> None:
    async def scenario(evening: Evening) -> None:
        async with evening.cloud(QUICK) as viewers, evening.device(viewers) as device:
            await asyncio.sleep(1)
            device.turn(State.CLOSED, Cause.SCHEDULE, opens_at=evening.opens_at)
            await asyncio.sleep(1)
            assert len(await send(viewers, FLOOD, 600)) == 500
            (guest,) = [await viewers.note(HOUSE)]
            await asyncio.sleep(20)
            second = await viewers.note(HOUSE, token=guest.headers["token"])
            assert is_full(second), "one of them has a note waiting already"
            assert len(await send(viewers, HOUSE, 150)) == 99
            others = [await send(viewers, f"2001:db8:0:{n:x}::1", 1) for n in range(401)]
            assert [len(sent) for sent in others] == [1] * 400 + [0]
            assert await viewers.state(others[0][0]) == "held"
        async with evening.cloud(QUICK) as viewers:
            assert is_full(await viewers.note("198.51.100.9")), "after a restart"
            async with evening.device(viewers):
                await asyncio.sleep(60)
                assert (await viewers.note("198.51.100.9")).status == 201
                states = {await viewers.state(note) for sent in others[::20] for note in sent}
                assert states == {"shown"}

    play(tmp_path, scenario)
