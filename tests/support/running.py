"""The daemon of a configuration as systemd starts it: a process of its own."""

import asyncio
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from support.demo import command
from support.waiting import WITHIN_S


@dataclass
class Running:
    """A daemon that has said its address."""

    client: aiohttp.ClientSession
    log: asyncio.Task[bytes]

    async def get(self, path: str) -> dict[str, Any]:
        async with self.client.get(path) as reply:
            assert reply.status == 200
            return dict(await reply.json())

    async def likes(self) -> int:
        """Like once, and return how many likes have lit the lamp when this one has."""
        before = await self._lit()
        like = {"n": 1, "batch": str(uuid.uuid4())}
        site = {"Sec-Fetch-Site": "same-origin"}
        async with self.client.post("/v1/kitchens/lehi/likes", json=like, headers=site) as reply:
            assert reply.status == 202
        async with asyncio.timeout(WITHIN_S):
            while (lit := await self._lit()) == before:
                await asyncio.sleep(0.05)
        return lit

    async def _lit(self) -> int:
        return int((await self.get("/v1/kitchens/lehi"))["lamp"]["lit_total"])


@asynccontextmanager
async def running(config: Path, port: int, *arguments: str) -> AsyncIterator[Running]:
    """Run the daemon of `config`; it ends as systemd ends it, with its log complete."""
    process = await asyncio.create_subprocess_exec(
        *command("run", "--config", str(config), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    log = asyncio.create_task(process.stderr.read())
    try:
        async with asyncio.timeout(WITHIN_S):
            line = await process.stdout.readline()
        assert f":{port}/k/lehi".encode() in line
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            yield Running(client, log)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN_S):
            assert await process.wait() == 0
            await log
