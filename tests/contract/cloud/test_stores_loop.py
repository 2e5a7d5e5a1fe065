"""The whole loop on each store, over real sockets: tap, poll, lamp, receipt, and a note's way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.runtime.clock import utc_now
from support.cloud import KID, TOKEN, Site, serving
from support.device import Device


@pytest.fixture
async def site(database: str) -> AsyncIterator[Site]:
    async with serving(database, now=utc_now) as site:
        yield site


@pytest.fixture
async def device(site: Site, tmp_path: Path) -> AsyncIterator[Device]:
    async with (
        HttpCloud(site.base, KID, TOKEN) as cloud,
        Device(tmp_path / "device.db", cloud, utc_now).living() as device,
    ):
        yield device


async def told(ask: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Return once `ask` is answered with `wanted`."""
    async with asyncio.timeout(90):
        while await ask() != wanted:
            await asyncio.sleep(0.05)


async def test_a_tap_lights_the_lamp_and_a_note_is_shown_and_thanked(
    site: Site, device: Device
) -> None:
    async def lit() -> object:
        return (await site.summary())["lamp"]["lit_total"]

    assert (await site.like(3)).body["total"] == 3
    await told(lit, 3)
    assert device.gestures == [(3, 3)]
    sent = await site.note("heroes")

    async def note() -> object:
        return (await site.call("GET", f"/v1/notes/{sent.body['id']}")).body["state"]

    await told(note, "shown")
    assert [shown.code for shown in device.window.notes_shown] == ["heroes"]
    device.thanks.press()
    await told(note, "thanked")
    summary = await site.summary()
    assert (summary["likes"]["total"], summary["notes"]) == (3, {"total": 1, "shown": 1})
