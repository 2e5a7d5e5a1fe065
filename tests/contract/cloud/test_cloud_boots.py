"""Which start of a device is believed: the one that polled last."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.cloud import KID, Reply, Site, bearer, serving, status


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with serving(tmp_path / "cloud.db") as site:
        yield site


async def said_by(site: Site, boot_id: str, state: str, n: int = 1) -> Reply:
    """Send the status of one start of the device, without a poll."""
    body = status(boot_id=boot_id, n=n, camera={"state": state, "since": "2026-11-21T11:59:00Z"})
    path = f"/v1/kitchens/{KID}/status"
    return await site.call("POST", path, json=body, headers=bearer())


def is_superseded(reply: Reply) -> bool:
    return reply.status == 409 and reply.body["type"] == "urn:likelight:problem:superseded"


async def test_a_start_that_has_not_polled_last_says_nothing_that_viewers_read(site: Site) -> None:
    note = (await site.note()).body["id"]
    assert is_superseded(await said_by(site, "boot-1", "live"))
    assert (await site.summary())["state"] == "offline"
    await site.poll(boot_id="boot-1")
    assert (await said_by(site, "boot-1", "private")).status == 200
    receipt = {"id": note, "shown_at": "2026-11-21T12:00:00Z"}
    body = status(boot_id="boot-2", notes=[receipt], thanks={"id": "t", "at": "2026-11-21T12:00Z"})
    late = await site.call("POST", f"/v1/kitchens/{KID}/status", json=body, headers=bearer())
    assert is_superseded(late)
    summary = await site.summary()
    assert (summary["state"], summary["notes"]["shown"]) == ("private", 0)
    assert summary["thanks"] is None


async def test_the_device_is_believed_again_once_it_polls_after_another(site: Site) -> None:
    await site.poll(boot_id="boot-1")
    await said_by(site, "boot-1", "idle")
    await site.poll(boot_id="another")
    await said_by(site, "another", "live", n=1000)
    assert is_superseded(await said_by(site, "boot-1", "private", n=2))
    await site.poll(boot_id="boot-1")
    assert (await said_by(site, "boot-1", "private", n=2)).status == 200
    assert (await site.summary())["state"] == "private"
    assert is_superseded(await said_by(site, "another", "live", n=1001))
    assert (await site.summary())["state"] == "private"


async def test_the_first_poll_of_another_start_ends_the_one_that_is_held(site: Site) -> None:
    cursor = (await site.poll()).body["cursor"]
    kitchen = await site.cloud.kitchen(KID)
    async with asyncio.TaskGroup() as group:
        held = group.create_task(site.poll(cursor, wait=30))
        while not kitchen.polled:
            await asyncio.sleep(0)
        await site.poll(boot_id="boot-2")
    assert is_superseded(held.result())


async def test_a_diagnosis_takes_nothing_from_the_device(site: Site) -> None:
    cursor = (await site.poll()).body["cursor"]
    kitchen = await site.cloud.kitchen(KID)
    async with asyncio.TaskGroup() as group:
        held = group.create_task(site.poll(cursor, wait=30))
        while not kitchen.polled:
            await asyncio.sleep(0)
        path = f"/v1/kitchens/{KID}/events?wait=0"
        assert (await site.call("GET", path, headers=bearer())).status == 200
        assert (await said_by(site, "boot-1", "idle")).status == 200
        await site.like()
    assert held.result().status == 200


async def test_a_diagnosis_is_no_sign_of_life(site: Site) -> None:
    kitchen = await site.cloud.kitchen(KID)
    path = f"/v1/kitchens/{KID}/events?wait=0&dv=0"
    assert (await site.call("GET", path, headers=bearer())).status == 200
    assert kitchen.offline
    await site.poll()
    assert not kitchen.offline


@pytest.mark.parametrize("boot_id", ["", "x" * 65, "a b", "é"])
async def test_a_boot_id_that_breaks_the_contract_is_422(site: Site, boot_id: str) -> None:
    reply = await site.poll(boot_id=boot_id)
    assert reply.status == 422
    assert reply.body["errors"][0]["field"] == "boot_id"
