"""The viewer's page in WebKitGTK: it stays on the way over Media Source Extensions over PRIVACY.

`.ci/run --long` runs it. Debian's MiniBrowser is driven over WebDriver, on a screen of its own.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from support.demo import demo, free_port

DISPLAY = ":77"
(BROWSER, *_) = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
# The way, and which pictures came out of the decoder: WebKitGTK's counter begins again at a seek.
LOOK = """const video = document.querySelector("video");
return [document.querySelector("[data-way]")?.dataset.way,
  video?.getVideoPlaybackQuality().totalVideoFrames, video?.currentTime, video?.seeking];"""

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


async def plays(command: Call, *, pictures: int) -> None:
    """Return when so many looks found another picture than the one before, all on one way."""
    before, moved = None, 0
    async with asyncio.timeout(60):
        while moved < pictures:
            way, *progress = await command("execute/sync", script=LOOK, args=[])
            assert way in (None, "mse"), way
            moved += way is not None and progress != before
            before = progress
            await asyncio.sleep(0.5)


async def test_it_stays_on_the_best_way_over_privacy(tmp_path: Path) -> None:
    async with demo(tmp_path / "state") as place, browser() as command:
        await command("url", url=f"{place.url}/k/demo")
        await plays(command, pictures=10)
        await place.press("privacy")
        # Twice the player's patience for a picture that does not move, and a reconnect.
        await plays(command, pictures=30)
        await place.press("privacy")
        await plays(command, pictures=20)
