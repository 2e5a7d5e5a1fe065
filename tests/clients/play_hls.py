"""hls.js and shaka-player at low latency, in Chromium: pictures over PRIVACY and a restart.

`.ci/run --long` runs it. hls.js is the one that we serve; shaka-player comes from npm.
"""

import asyncio
import base64
import hashlib
import subprocess
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Page

from likelight.contract import State
from support.chromium import chromium
from support.feed import Kitchen, kitchen
from support.pictures import HEIGHT, WIDTH
from support.stage import BRIGHT, DARK, camera, shows

pytestmark = pytest.mark.timeout(400)
"""More than its steps may take together: then the step that fails says which picture is missing."""

SHAKA_PACKAGE = "shaka-player@5.2.12"
SHAKA_SHA512 = (
    "vEsuVDI3+oLh+yqpjXexQZlg2XMUBI0VrqatDuKWacPaxAud6Uph5uCowUPLhUgNG5XKWCpoM4l1r8qYzWH+zg=="
)
SHAKA_FILE = "package/dist/shaka-player.compiled.js"

HLS_JS = """<script type=module>
import Hls from "/player/vendor/hls.js";
const hls = new Hls({lowLatencyMode: true, enableWorker: false});
hls.loadSource("/k/demo/main.m3u8");
hls.attachMedia(document.querySelector("video"));
</script>"""

SHAKA_PLAYER = """<script src="/shaka.js"></script><script type=module>
shaka.polyfill.installAll();
window.player = new shaka.Player();
await player.attach(document.querySelector("video"));
player.configure({streaming: {lowLatencyMode: true}, manifest: {hls: {sequenceMode: SEQUENCE}}});
await player.load("/k/demo/main.m3u8");
</script>"""
SHAKA = SHAKA_PLAYER.replace("SEQUENCE", "false")
"""As it is; it may leave out a part now and then (CLIENTS.md)."""
SHAKA_IN_SEQUENCE = SHAKA_PLAYER.replace("SEQUENCE", "true")


@pytest.fixture(scope="module")
def shaka(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return shaka-player as its makers publish it."""
    folder = tmp_path_factory.mktemp("shaka")
    subprocess.run(["npm", "pack", "--silent", SHAKA_PACKAGE], cwd=folder, check=True, timeout=150)
    (packed,) = folder.glob("*.tgz")
    assert base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode() == SHAKA_SHA512
    with tarfile.open(packed) as archive:
        archive.extract(SHAKA_FILE, folder, filter="data")
    return Path(folder, SHAKA_FILE).read_bytes()


@asynccontextmanager
async def stage(player: str, shaka: bytes) -> AsyncIterator[tuple[Kitchen, Page]]:
    """Open a page with `player`, on a kitchen that is live once it has a camera."""
    page_text = f"<!doctype html><div id=stage><video muted autoplay></video></div>{player}"

    async def page_of_it(_: web.Request) -> web.Response:
        return web.Response(text=page_text, content_type="text/html")

    async def shaka_js(_: web.Request) -> web.Response:
        return web.Response(body=shaka, content_type="text/javascript")

    routes = (web.get("/", page_of_it), web.get("/shaka.js", shaka_js))
    async with kitchen(*routes) as place, chromium() as browser:
        place.hub.set_format(WIDTH, HEIGHT, 30)
        place.hub.show(State.LIVE)
        page = await browser.new_page()
        await page.goto(place.url)
        yield place, page


@pytest.mark.parametrize(
    "player", [HLS_JS, SHAKA, SHAKA_IN_SEQUENCE], ids=["hls.js", "shaka", "shaka-in-sequence"]
)
async def test_it_plays_on(player: str, shaka: bytes) -> None:
    async with stage(player, shaka) as (place, page), asyncio.TaskGroup() as group:
        rolling = group.create_task(camera(place))
        await shows(page, *BRIGHT)
        for state in (State.PRIVATE, State.FAULT):
            place.hub.show(state)
            if state is State.FAULT:  # the camera dies
                rolling.cancel()
            await shows(page, *DARK)
            if state is State.FAULT:
                rolling = group.create_task(camera(place))
                place.hub.set_format(WIDTH, HEIGHT, 30)
            place.hub.show(State.LIVE)
            await shows(page, *BRIGHT)
        rolling.cancel()


async def test_shaka_in_sequence_leaves_out_nothing(shaka: bytes) -> None:
    async with stage(SHAKA_IN_SEQUENCE, shaka) as (place, page), asyncio.TaskGroup() as group:
        rolling = group.create_task(camera(place))
        await shows(page, *BRIGHT)
        at_the_start = await page.evaluate("player.getStats().gapsJumped")
        await page.wait_for_function(
            "document.querySelector('video').currentTime > 15", timeout=120_000
        )
        assert await page.evaluate("document.querySelector('video').buffered.length") == 1
        assert await page.evaluate("player.getStats().gapsJumped") == at_the_start
        rolling.cancel()
