"""What a device is assembled of, and what is refused before anything of it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from likelight.assets.catalogue import BUNDLED, Notes
from likelight.config.settings import CloudSettings, Config, PushSettings
from likelight.contract import Catalogue
from likelight.daemon.assembly import assemble
from likelight.daemon.device import Device
from likelight.daemon.prepare import prepare
from likelight.web.http.server import listen
from support.pi import PI_4, pi
from support.waiting import WITHIN_S

ALWAYS = {
    "boot report": False,
    "disk": False,
    "feed": True,
    "on air": True,
    "permissions": True,
    "time zone": False,
    "privacy button": True,
    "lamp": True,
    "night": False,
    "window in": True,
    "camera": False,
    "web": True,
    "control": False,
    "inbox": False,
    "panel": False,
    "thanks button": False,
    "thanks": False,
    "status": False,
    "poll": False,
}
"""The components of every device, and whether the device ends with them."""


@asynccontextmanager
async def assembled(
    state_dir: Path, notes: Notes = BUNDLED, **settings: Any
) -> AsyncIterator[Device]:
    config = await asyncio.to_thread(lambda: Config(state_dir=state_dir, **settings))
    with await asyncio.to_thread(listen, "127.0.0.1", 0) as listener:
        prepared = await asyncio.to_thread(prepare, config, listener)
        prepared.catalogue.notes = notes
        async with assemble(config, prepared) as device:
            yield device


def secret(folder: Path, text: str) -> Path:
    file = folder / "secret"
    file.touch(mode=0o600)
    file.write_text(text)
    return file


def components(device: Device) -> dict[str, bool]:
    return {name: part.critical for name, part in device.health().components.items()}


async def test_a_store_alone_has_its_cloud_in_the_same_process(tmp_path: Path) -> None:
    async with assembled(tmp_path) as device:
        assert components(device) == {**ALWAYS, "cloud": False}
        assert device.health().waiting_for == ("camera", "cloud")


async def test_a_store_of_a_chain_uploads_to_the_cloud_that_is_elsewhere(tmp_path: Path) -> None:
    token_file = await asyncio.to_thread(secret, tmp_path, "a-device-token")
    cloud = CloudSettings(url="http://127.0.0.1:9", token_file=token_file)
    async with assembled(tmp_path, cloud=cloud) as device:
        elsewhere = {
            "upload": False,
            "pairing": False,
            "rotation": False,
            "way": False,
            "new notes": False,
        }
        assert components(device) == {**ALWAYS, **elsewhere}
        assert device.health().waiting_for == ("camera",), "a cloud that is down holds nobody up"


EVENTS = {
    "cursor": "c1",
    "epoch": "e",
    "server_time": "2026-11-21T12:00:00Z",
    "likes": {"total": 0, "delta": 0},
    "viewers": {"band": "1-9", "watching": True},
    "next": {"wait": 0, "not_before_ms": 1000},
}


async def test_polls_status_and_upload_go_through_the_proxy_that_is_set(tmp_path: Path) -> None:
    asked: set[str] = set()

    async def proxy(request: web.Request) -> web.Response:
        asked.add(f"{request.method} {request.host}{request.path}")
        return web.json_response(EVENTS) if request.method == "GET" else web.Response(status=503)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", proxy)
    token_file = await asyncio.to_thread(secret, tmp_path, "a-device-token")
    async with TestServer(app) as server:
        cloud = CloudSettings(
            url="http://cloud.invalid", token_file=token_file, proxy=str(server.make_url("/"))
        )
        async with assembled(tmp_path, cloud=cloud) as device, asyncio.timeout(WITHIN_S):
            running = asyncio.create_task(device.run())
            while len(asked) < 3:
                await asyncio.sleep(0.05)
            running.cancel()
            await asyncio.wait([running])
    place = "cloud.invalid/v1/kitchens/kitchen"
    assert asked == {f"GET {place}/events", f"POST {place}/status", f"GET {place}/feed"}


async def test_a_push_is_one_more_component(tmp_path: Path) -> None:
    push = PushSettings(url="rtmps://live.example/app/kitchen")
    async with assembled(tmp_path, push=push) as device:
        assert components(device) == {**ALWAYS, "cloud": False, "push": False}


class Unreadable(Notes):
    """Notes that fail where a part is built with them."""

    def load(self, lang: str) -> Catalogue:
        raise ZeroDivisionError("a mistake of ours")


async def test_a_part_that_cannot_be_built_lets_go_of_the_pins_that_are_open(
    tmp_path: Path,
) -> None:
    lamp = {"driver": "pwm", "pin": 12}
    light = {"driver": "onoff", "pin": 23}
    with pi(PI_4) as header:
        async with assembled(tmp_path, board="pi-4", lights=lamp, indicator=light):
            assert not header.is_let_go(12)
            assert not header.is_let_go(23)
        with pytest.raises(ZeroDivisionError):
            async with assembled(
                tmp_path, Unreadable(BUNDLED.catalogues), board="pi-4", lights=lamp, indicator=light
            ):
                raise AssertionError("it was assembled")
        assert header.is_let_go(12)
        assert header.is_let_go(23)
