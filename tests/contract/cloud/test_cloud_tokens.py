"""`likelight-cloud token new|revoke` while the cloud serves: real sockets and the real command,
and the contract's 2 s on the virtual clock."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from likelight.contract import State
from likelight.fleet.doctor.probes import CloudAccess, ask_cloud, ask_upload
from likelight_cloud.cli.main import main
from likelight_cloud.store.choice import database_of
from support.cloud import KID, TOKEN, Reply, bearer, status
from support.relay import RelaySite, beside, relay_site
from support.virtual import run_virtual
from support.waiting import until

EVENTS = f"/v1/kitchens/{KID}/events"
STATUS = f"/v1/kitchens/{KID}/status"
FEED = f"/v1/kitchens/{KID}/feed"


@pytest.fixture
async def site(database: str) -> AsyncIterator[RelaySite]:
    async with relay_site(database) as site:
        yield site


class Operator:
    """Runs the command beside the cloud that serves, and reads the token that it prints."""

    def __init__(self, database: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._database = database
        self._capsys = capsys

    async def __call__(self, action: str) -> str:
        self._capsys.readouterr()
        words = ["token", action, KID, "--database", self._database]
        assert await asyncio.to_thread(main, words) == 0
        return self._capsys.readouterr().out.splitlines()[-1]


@pytest.fixture
def operator(database: str, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(database, capsys)


async def poll(site: RelaySite, token: str, boot_id: str = "boot-1", **query: str) -> Reply:
    return await site.call(
        "GET",
        EVENTS,
        params={"wait": "0", "dv": "1", "boot_id": boot_id, **query},
        headers=bearer(token),
    )


async def say(site: RelaySite, token: str, state: str, boot_id: str = "boot-1") -> int:
    body = status(boot_id=boot_id, camera={"state": state, "since": "2026-11-21T11:59:00Z"})
    return (await site.call("POST", STATUS, json=body, headers=bearer(token))).status


def test_a_revoked_token_s_poll_and_upload_end_within_two_seconds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # On SQLite alone: the virtual clock does not wait for a server.
    database = tmp_path / "cloud.db"
    operator = Operator(str(database), capsys)

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with (
            relay_site(database) as site,
            site.watcher() as watcher,
            site.device() as device,
        ):
            cursor = (await poll(site, TOKEN)).body["cursor"]
            assert await say(site, TOKEN, "live") == 200
            await device.open()
            async with asyncio.TaskGroup() as group:
                held = group.create_task(poll(site, TOKEN, cursor=cursor, wait="30"))
                async with beside(device.film()):
                    await watcher.state(State.LIVE)
                    new = await operator("revoke")
                    revoked_at = loop.time()
                    assert (await held).status == 401
                    assert loop.time() - revoked_at <= 2.0
                await device.closed()
                assert loop.time() - revoked_at <= 2.0
            await watcher.state(State.OFFLINE)
            assert loop.time() - revoked_at <= 2.0
            assert site.hub.state is State.OFFLINE
            assert (await poll(site, new)).status == 200

    run_virtual(scenario())


async def test_a_stolen_token_no_longer_says_anything_once_it_is_revoked(
    site: RelaySite, operator: Operator
) -> None:
    await poll(site, TOKEN, "the-thief")
    assert await say(site, TOKEN, "live", "the-thief") == 200
    new = await operator("revoke")
    assert (await poll(site, TOKEN, "the-thief")).status == 401
    assert await say(site, TOKEN, "live", "the-thief") == 401
    with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
        await site.session.ws_connect(site.base + FEED, headers=bearer())
    kitchen = await site.cloud.kitchen(KID)
    await until(lambda: kitchen.summary().state is State.OFFLINE)
    assert (await poll(site, new)).status == 200
    assert (await site.summary())["state"] == "offline", "nobody has said anything yet"
    assert await say(site, new, "private") == 200
    assert (await site.summary())["state"] == "private"


async def test_a_status_that_comes_slowly_does_not_outlive_its_token(
    site: RelaySite, operator: Operator
) -> None:
    await poll(site, TOKEN)
    half, whole = asyncio.Event(), asyncio.Event()
    raw = json.dumps(status()).encode()

    async def dripping() -> AsyncIterator[bytes]:
        yield raw[:10]
        half.set()
        await whole.wait()
        yield raw[10:]

    as_json = {"Content-Type": "application/json", **bearer()}
    async with asyncio.TaskGroup() as group:
        said = group.create_task(site.call("POST", STATUS, data=dripping(), headers=as_json))
        await half.wait()
        await operator("revoke")
        whole.set()
    assert said.result().status == 401
    assert (await site.summary())["state"] == "offline"


async def test_the_old_token_ends_once_the_new_one_was_used_twice(
    site: RelaySite, operator: Operator
) -> None:
    new = await operator("new")
    assert len(new) == 43
    for _ in range(3):
        assert (await poll(site, TOKEN)).status == 200
    assert await say(site, new, "live") == 200, "one request, though its token is looked at twice"
    assert (await poll(site, TOKEN)).status == 200
    assert (await poll(site, new)).status == 200
    assert (await poll(site, TOKEN)).status == 401
    assert (await poll(site, new)).status == 200


async def test_the_doctor_ends_no_token_that_the_daemon_still_has(
    site: RelaySite, operator: Operator
) -> None:
    new = await operator("new")
    access = CloudAccess(site.base, KID, new)
    for ask in (ask_cloud, ask_upload, ask_cloud):
        await asyncio.to_thread(ask, access)
    assert (await poll(site, TOKEN)).status == 200


async def test_a_rotation_that_is_asked_for_twice_does_not_shut_the_device_out(
    site: RelaySite, operator: Operator
) -> None:
    mislaid, new = await operator("new"), await operator("new")
    assert (await poll(site, mislaid)).status == 401
    assert (await poll(site, TOKEN)).status == 200
    assert (await poll(site, new)).status == 200


async def test_a_poll_under_a_new_token_is_held_at_once(
    site: RelaySite, operator: Operator
) -> None:
    kitchen = await site.cloud.kitchen(KID)
    for action in ("revoke", "new"):
        new = await operator(action)
        cursor = (await poll(site, new)).body["cursor"]
        async with asyncio.TaskGroup() as group:
            held = group.create_task(poll(site, new, cursor=cursor, wait="30"))
            await until(lambda: kitchen.polled)
            await site.like()
        assert held.result().status == 200


@pytest.mark.parametrize("action", ["new", "rotate", "revoke"])
async def test_an_unknown_kitchen_or_database_is_one_line(
    site: RelaySite,
    database: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    action: str,
) -> None:
    missing = tmp_path / "missing.db"
    for words, said in (
        (
            ["nobody", "--database", database],
            f"there is no kitchen nobody in {database_of(database)}. ",
        ),
        (
            [KID, "--database", str(missing)],
            f"there is no database {missing}. Name it with --database or LIKELIGHT_DATABASE, ",
        ),
    ):
        assert await asyncio.to_thread(main, ["token", action, *words]) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"likelight-cloud: {said}")
        assert told.count("\n") == 1
    assert not missing.exists()
    assert (await poll(site, TOKEN)).status == 200
