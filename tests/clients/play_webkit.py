"""Our player in WebKitGTK: it stays on the way over Media Source Extensions over PRIVACY.

`.ci/run --long` runs it. Debian's MiniBrowser is driven over WebDriver, on a screen of its own.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from likelight.contract import State
from support.demo import free_port
from support.feed import kitchen
from support.stage import BRIGHT, DARK, SHADE, live, player_page

pytestmark = pytest.mark.timeout(400)
"""More than its steps may take together: then the step that fails says which picture is missing."""

DISPLAY = ":77"
(BROWSER, *_) = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
# The way, the grey on the screen, and which pictures came out of the decoder: WebKitGTK's counter
# begins again at a seek.
LOOK = f"""const video = document.querySelector("video");
return [document.querySelector("#stage").dataset.way, ({SHADE})(),
  video?.getVideoPlaybackQuality().totalVideoFrames, video?.currentTime, video?.seeking];"""
HOLES = 'return document.querySelector("video").buffered.length - 1;'

Call = Callable[..., Awaitable[Any]]


@asynccontextmanager
async def running(*words: str, **environment: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(*words, env={**os.environ, **environment})
    try:
        yield
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def browser() -> AsyncIterator[Call]:
    """Start a browser; yield what sends it a command."""
    port = free_port()
    environment = {
        "DISPLAY": DISPLAY,
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # it refuses root
    }
    options = {"binary": str(BROWSER), "args": ["--automation"]}
    capabilities = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
    async with (
        running("Xvfb", DISPLAY, "-screen", "0", "1280x900x24", "-nolisten", "tcp"),
        running("WebKitWebDriver", f"--port={port}", **environment),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client,
    ):

        async def call(path: str, **body: Any) -> Any:
            async with client.post(path, json=body) as reply:
                reply.raise_for_status()
                return (await reply.json())["value"]

        async with asyncio.timeout(60):
            while True:  # until the driver listens, and the screen is there
                try:
                    session = (await call("/session", capabilities=capabilities))["sessionId"]
                    break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.2)
        try:

            async def command(path: str, **body: Any) -> Any:
                return await call(f"/session/{session}/{path}", **body)

            yield command
        finally:
            async with client.delete(f"/session/{session}"):
                pass


async def plays(command: Call, low: int, high: int, *, pictures: int) -> str | None:
    """Look until so many pictures of a grey from `low` to `high` came, each another one.

    Return the way if it is not Media Source Extensions any more.
    """
    before, moved = None, 0
    async with asyncio.timeout(90):
        while moved < pictures:
            way, shade, *progress = await command("execute/sync", script=LOOK, args=[])
            if way not in (None, "mse"):
                return str(way)
            moved += low <= shade < high and progress != before
            before = progress
            await asyncio.sleep(0.5)
    return None


async def test_it_stays_on_the_best_way_over_privacy() -> None:
    async with kitchen(web.get("/", player_page)) as place, browser() as command:
        async with asyncio.TaskGroup() as group:
            rolling = await live(place, group)
            # Where the machine is too busy for a picture within 4 s the player takes another way.
            await command("url", url=place.url)
            while await plays(command, *BRIGHT, pictures=10):
                await command("refresh")
            place.hub.show(State.PRIVATE)
            # Twice the player's patience for a picture that does not move, and a reconnect.
            assert await plays(command, *DARK, pictures=30) is None
            # It keeps 20 to 40 placeholders. One that came 0.1 s late leaves a hole, but where the
            # SPS told the camera's rate each of them did.
            assert await command("execute/sync", script=HOLES, args=[]) < 10
            place.hub.show(State.LIVE)
            assert await plays(command, *BRIGHT, pictures=20) is None
            rolling.cancel()
