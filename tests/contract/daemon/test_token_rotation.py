"""A token that the device changes by itself, with the power cut, the answer lost or the cloud
restored at each step: it is never locked out, and the token before ends."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from likelight.appreciation.sync.client import DeviceRefused, Unreachable
from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.config.device_tokens import DeviceTokens, checksum
from likelight.contract import Desired
from likelight.daemon import token_rotation
from likelight.daemon.token_rotation import TokenRotation
from likelight.daemon.token_watch import TokenWatch
from likelight.runtime.clock import utc_now
from likelight_cloud.store.base import Store
from likelight_cloud.store.sqlite.backup import SqliteCopies
from likelight_cloud.trust.device import hashed
from support.cloud import KID, TOKEN
from support.cloud_server import ServedCloud, cloud_server
from support.waiting import WITHIN_S


class PowerCut(Exception):
    """The device is dead from here on."""


class Steps:
    """Where the power is cut, or the answer lost; `cut` says it, once."""

    def __init__(self, cut: str | None) -> None:
        self._cut = cut

    def pass_by(self, step: str) -> None:
        if step == self._cut:
            self._cut = None
            raise Unreachable("the answer is lost") if step == "lost" else PowerCut


class CutTokens(DeviceTokens):
    """The files, on a device whose power may go."""

    steps: Steps

    def draw(self, in_use: str) -> str:
        self.steps.pass_by("asked")
        new = super().draw(in_use)
        self.steps.pass_by("drawn")
        return new

    def confirm(self) -> None:
        self.steps.pass_by("answered")
        super().confirm()
        self.steps.pass_by("confirmed")


class CutCloud(HttpCloud):
    """The connection to the cloud of a device whose power may go."""

    steps: Steps
    before: Callable[[], Awaitable[None]]

    async def change_token(self, token_sha256: str) -> None:
        await self.before()
        await super().change_token(token_sha256)
        self.steps.pass_by("lost")


async def nothing() -> None: ...


class Device:
    """The parts of a device that have to do with its token; each life is one start of it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.file = folder / "token"
        self.state = folder / "state"
        self.url = url
        self.file.touch(mode=0o600)
        self.file.write_text(TOKEN)
        self.state.mkdir()

    @asynccontextmanager
    async def life(
        self, cut: str | None = None, before: Callable[[], Awaitable[None]] = nothing
    ) -> AsyncIterator[Callable[[], Any]]:
        """Live; give what polls once, as the poller does. A power cut ends it without a word."""
        tokens = CutTokens(self.file, self.state, self.url, KID)
        tokens.steps = Steps(cut)
        known = tokens.read()
        reported = asyncio.Event()
        try:
            async with CutCloud(self.url, KID, None) as cloud, asyncio.TaskGroup() as group:
                cloud.steps, cloud.before = tokens.steps, before
                cloud.pair(*known)
                watch = TokenWatch(tokens, cloud, known, on_paired=lambda: None)
                rotation = TokenRotation(
                    tokens, cloud, reported, on_change=watch.look, rng=random.Random(1)
                )
                running = group.create_task(rotation.run())

                heard: Desired | None = None

                async def poll() -> str:
                    """Poll, hear what is desired when it changes, and return the token in use."""
                    nonlocal heard
                    desired = (await cloud.events(None, 0, 0, "boot-1")).desired
                    assert desired is not None
                    if desired != heard:
                        rotation.on_desired(desired)
                        heard = desired
                    reported.set()
                    await watch.look()
                    assert cloud.token is not None
                    return cloud.token

                yield poll
                running.cancel()
        except* PowerCut:
            pass

    async def turns_over(self, store: Store) -> str:
        """Live and poll until one token alone is valid, the device's; return it."""
        async with self.life() as poll, asyncio.timeout(WITHIN_S):
            while True:
                token: str = await poll()
                if token != TOKEN and await store.token_hashes(KID) == (hashed(token),):
                    return token


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[ServedCloud]:
    async with cloud_server(tmp_path / "cloud.db") as cloud:
        yield cloud


@pytest.fixture
def store(cloud: ServedCloud) -> Store:
    return cloud.cloud.cloud.store


@pytest.fixture
def device(tmp_path: Path, cloud: ServedCloud) -> Device:
    return Device(tmp_path, cloud.public)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_rotation, "REFUSED_S", (0.05, 0.05))


@pytest.mark.parametrize("cut", ["asked", "drawn", "lost", "answered", "confirmed", "used once"])
async def test_wherever_it_is_interrupted_the_device_is_let_in_and_turns_over(
    device: Device, store: Store, cut: str
) -> None:
    await store.ask_rotation(KID, utc_now())
    async with device.life(cut) as poll:
        async with asyncio.timeout(WITHIN_S):
            while await poll() == TOKEN:
                await asyncio.sleep(0.01)
        if cut == "used once":
            await poll()
            raise PowerCut
    new = await device.turns_over(store)
    assert len(new) == 43
    async with HttpCloud(device.url, KID, TOKEN) as thief:
        with pytest.raises(DeviceRefused):
            await thief.events(None, 0, 0, "the-thief")
    async with device.life() as poll:
        assert await poll() == new, "at its next start, too"


async def test_a_device_that_is_asked_twice_in_a_row_turns_over_twice(
    device: Device, store: Store
) -> None:
    await store.ask_rotation(KID, utc_now())
    first = await device.turns_over(store)
    await store.ask_rotation(KID, utc_now())
    async with device.life("lost") as poll, asyncio.timeout(WITHIN_S):
        while await poll() == first:
            await asyncio.sleep(0.01)
        await store.ask_rotation(KID, utc_now())
    assert await device.turns_over(store) != first


async def test_a_disk_that_takes_nothing_keeps_the_old_token_until_it_does(
    device: Device, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    device.state.rmdir()
    await store.ask_rotation(KID, utc_now())
    async with device.life() as poll, asyncio.timeout(WITHIN_S):
        while "A new token can't be kept, so the one in use stays: " not in caplog.text:
            assert await poll() == TOKEN
            await asyncio.sleep(0.01)
        assert await store.token_hashes(KID) == (hashed(TOKEN),)
        await asyncio.to_thread(device.state.mkdir)
        while await poll() == TOKEN:
            await asyncio.sleep(0.01)
    await device.turns_over(store)


async def test_where_a_thief_brings_a_token_first_the_device_says_so_and_keeps_its_own(
    device: Device, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def thief_first() -> None:
        async with HttpCloud(device.url, KID, TOKEN) as thief:
            await thief.change_token(checksum("the thief's"))

    await store.ask_rotation(KID, utc_now())
    async with device.life(before=thief_first) as poll, asyncio.timeout(WITHIN_S):
        while "or another device brought one first" not in caplog.text:
            await poll()
            await asyncio.sleep(0.01)
        assert await poll() == TOKEN
    assert not DeviceTokens(device.file, device.state, device.url, KID).waits()
    assert f"has its token, too: `likelight-cloud token revoke {KID}`" in caplog.text


async def test_a_token_that_is_revoked_half_way_waits_for_a_person(
    device: Device, store: Store
) -> None:
    await store.ask_rotation(KID, utc_now())
    async with device.life("answered") as poll:
        await poll()
        await asyncio.Event().wait()
    await store.revoke_tokens(KID, hashed("typed"))
    async with device.life() as poll, asyncio.timeout(WITHIN_S):
        with pytest.raises(DeviceRefused):
            await poll()
        await asyncio.to_thread(device.file.write_text, "typed")
        with pytest.raises(DeviceRefused):
            await poll()
    assert await device.turns_over(store) == "typed"


@pytest.mark.parametrize("asked", [False, True])
async def test_a_cloud_that_comes_back_from_before_the_rotation_lets_its_device_in(
    tmp_path: Path, asked: bool
) -> None:
    database, copy = tmp_path / "cloud.db", tmp_path / "copy.db"
    async with cloud_server(database) as cloud:
        store, device = cloud.cloud.cloud.store, Device(tmp_path, cloud.public)
        if asked:
            await store.ask_rotation(KID, utc_now())
        await SqliteCopies(database).make(copy)
        await store.ask_rotation(KID, utc_now())
        drawn = await device.turns_over(store)
    await asyncio.to_thread(copy.replace, database)
    async with cloud_server(database) as cloud:
        store, device.url = cloud.cloud.cloud.store, cloud.public
        await store.begin_time_lines()
        async with device.life() as poll:
            assert await poll() == TOKEN
        if not asked:
            await store.ask_rotation(KID, utc_now())
        assert await device.turns_over(store) not in (TOKEN, drawn)
