"""A kitchen in a store and a cloud elsewhere: two programs, as they are started, and viewers."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from likelight_cloud.cli.main import main
from support.busy import BUSY
from support.chromium import chromium, needs_chromium
from support.demo import demo, free_port
from support.pages import chromium_page
from support.waiting import WITHIN_S

KID = "store-17"


@dataclass
class Relayed:
    """The cloud's address, the device's process, and a client."""

    cloud: str
    device: asyncio.subprocess.Process
    client: aiohttp.ClientSession

    async def watching(self, view: int = 0) -> None:
        """Say as a page that it is looked at."""
        async with self.client.post(
            f"{self.cloud}/v1/kitchens/{KID}/watching", json={"view": f"view-{view:016}"}
        ) as reply:
            assert reply.status == 204

    async def summary(self) -> dict[str, Any]:
        async with self.client.get(f"{self.cloud}/v1/kitchens/{KID}") as reply:
            return dict(await reply.json())

    async def until_state(self, state: str, within: float = WITHIN_S) -> None:
        async with asyncio.timeout(within):
            while (await self.summary())["state"] != state:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def program(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN_S):
            await process.wait()


@asynccontextmanager
async def relayed(directory: Path) -> AsyncIterator[Relayed]:
    """Run `likelight-cloud serve` and a device with a simulated camera that has polled it."""
    database, port = str(directory / "cloud.db"), free_port()
    cloud = f"http://127.0.0.1:{port}"
    cloud_command = ("-m", "likelight_cloud")
    assert await asyncio.to_thread(main, ["init", "--database", database]) == 0
    added = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, *cloud_command, "kitchen", "add", "--database", database, KID, "Store 17"],
        capture_output=True,
        text=True,
        check=True,
    )
    token = directory / "token"
    token.write_text(added.stdout.strip().splitlines()[-1])
    token.chmod(0o600)
    config = directory / "likelight.toml"
    config.write_text(
        f'state_dir = "{directory / "state"}"\n[kitchen]\nid = "{KID}"\n'
        f'[web]\nport = {free_port()}\n[cloud]\nurl = "{cloud}"\ntoken_file = "{token}"\n'
    )
    async with (
        program(
            "likelight_cloud",
            *("serve", "--port", str(port), "--admin-port", "0", "--database", database),
        ),
        program("likelight", "run", "--config", str(config)) as device,
        aiohttp.ClientSession() as client,
    ):
        relay = Relayed(cloud, device, client)
        async with asyncio.timeout(WITHIN_S):
            while True:
                try:
                    if (await relay.summary()).get("state") == "idle":
                        break
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.05)
        yield relay


async def test_the_first_who_watches_gets_the_picture_and_learns_when_it_ends(
    tmp_path: Path,
) -> None:
    async with relayed(tmp_path) as relay:
        began = time.monotonic()
        async with relay.client.ws_connect(f"{relay.cloud}/k/{KID}/ws", max_msg_size=0) as viewer:
            await relay.watching()
            live, fps = False, 0
            async with asyncio.timeout(WITHIN_S):
                while True:
                    message = await viewer.receive()
                    if message.type is aiohttp.WSMsgType.TEXT:
                        text = message.json()
                        live = text.get("state", "live" if live else "") == "live"
                        fps = text.get("fps", fps)
                    elif live and fps == 30 and message.data[4:8] != b"ftyp":
                        break
            took = time.monotonic() - began
            print(f"the picture came after {took:.2f} s")
            assert took < BUSY * 2
            await relay.until_state("live")

            # The store's power goes: everybody learns it, and nothing of the camera stays.
            relay.device.kill()
            killed = time.monotonic()
            async with asyncio.timeout(WITHIN_S):
                while True:
                    message = await viewer.receive()
                    if message.type is aiohttp.WSMsgType.TEXT and "state" in message.json():
                        break
            assert message.json()["state"] == "interrupted"
            assert time.monotonic() - killed < BUSY


@needs_chromium
async def test_the_cloud_s_page_shows_the_kitchen(tmp_path: Path) -> None:
    playing = "() => document.querySelector('#stage video')?.videoWidth === 1280"
    async with relayed(tmp_path) as relay, chromium() as browser:
        async with chromium_page(browser, f"{relay.cloud}/k/{KID}") as page:
            await page.wait_for_function(playing, timeout=90_000)
            await relay.until_state("live")
            before = await page.evaluate("document.querySelector('#stage video').currentTime")
            await page.wait_for_function(
                f"() => document.querySelector('#stage video').currentTime > {before} + 1",
                timeout=90_000,
            )


async def test_the_count_of_pages_reaches_the_crews_display(tmp_path: Path) -> None:
    async with demo(tmp_path) as running:
        for view in range(12):
            async with running.client.post(
                f"{running.url}/v1/kitchens/demo/watching", json={"view": f"view-{view:016}"}
            ) as reply:
                assert reply.status == 204
        # The band alone wakes no poll: it comes with the next like, or with the poll's own end.
        async with running.client.post(
            f"{running.url}/v1/kitchens/demo/likes",
            json={"n": 1, "batch": "01234567-89ab-cdef-0123-456789abcdef"},
        ) as reply:
            assert reply.status == 202
        await running.until(lambda state: "10–29" in state["display"]["text"])
