"""hls.js and shaka-player at low latency, in Chromium: pictures over PRIVACY and a restart.

`.ci/run --long` runs it. hls.js is the one that we serve; shaka-player comes from npm.
"""

import asyncio
import base64
import hashlib
import subprocess
import tarfile
from pathlib import Path

import pytest
from aiohttp import web

from likelight.contract import State
from support.chromium import chromium
from support.feed import kitchen
from support.pictures import HEIGHT, WIDTH
from support.stage import BRIGHT, DARK, camera, shows

SHAKA = "shaka-player@5.2.12"
SHAKA_SHA512 = (
    "vEsuVDI3+oLh+yqpjXexQZlg2XMUBI0VrqatDuKWacPaxAud6Uph5uCowUPLhUgNG5XKWCpoM4l1r8qYzWH+zg=="
)
SHAKA_FILE = "package/dist/shaka-player.compiled.js"

HLS_JS = """<script type=module>
import Hls from "/player/vendor/hls.js";
const hls = new Hls({lowLatencyMode: true, enableWorker: false});
hls.loadSource("/k/demo/stream.m3u8");
hls.attachMedia(document.querySelector("video"));
</script>"""

SHAKA_PLAYER = """<script src="/shaka.js"></script><script type=module>
shaka.polyfill.installAll();
const player = new shaka.Player();
await player.attach(document.querySelector("video"));
player.configure({streaming: {lowLatencyMode: true}});
await player.load("/k/demo/stream.m3u8");
</script>"""


@pytest.fixture(scope="module")
def shaka(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return shaka-player as its makers publish it."""
    folder = tmp_path_factory.mktemp("shaka")
    subprocess.run(["npm", "pack", "--silent", SHAKA], cwd=folder, check=True, timeout=150)
    (packed,) = folder.glob("*.tgz")
    assert base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode() == SHAKA_SHA512
    with tarfile.open(packed) as archive:
        archive.extract(SHAKA_FILE, folder, filter="data")
    return Path(folder, SHAKA_FILE).read_bytes()


@pytest.mark.parametrize("player", [HLS_JS, SHAKA_PLAYER], ids=["hls.js", "shaka"])
async def test_it_plays_on(player: str, shaka: bytes) -> None:
    page_text = f"<!doctype html><div id=stage><video muted autoplay></video></div>{player}"

    async def page_of_it(_: web.Request) -> web.Response:
        return web.Response(text=page_text, content_type="text/html")

    async def shaka_js(_: web.Request) -> web.Response:
        return web.Response(body=shaka, content_type="text/javascript")

    routes = (web.get("/", page_of_it), web.get("/shaka.js", shaka_js))
    async with kitchen(*routes) as place, chromium() as browser, asyncio.TaskGroup() as group:
        rolling = group.create_task(camera(place))
        place.hub.set_format(WIDTH, HEIGHT, 30)
        place.hub.show(State.LIVE)
        page = await browser.new_page()
        await page.goto(place.url)
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
