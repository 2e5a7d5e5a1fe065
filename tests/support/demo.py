"""The whole demo as its user starts it: a process of its own, known by the address it prints."""

import asyncio
import random
import signal
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from support.waiting import WITHIN_S
from support.workers import worker_number

FIRST_PORT, PORTS_EACH, RANGES = 18100, 400, 30
"""A range of ports for each worker, so that no two take the same one. All are below the ephemeral
range, so that no client socket can sit on a port that a test wants."""


_given: deque[int] = deque(maxlen=PORTS_EACH // 2)
"""Handed out lately: a caller that asks for two ports before using them must not get one twice."""


def free_port() -> int:
    """Return a port that nothing listens on now, another one each time."""
    first = FIRST_PORT + PORTS_EACH * (worker_number() % RANGES)
    ports = range(first, first + PORTS_EACH)
    for port in random.sample(ports, len(ports)):
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.append(port)
        return port
    raise RuntimeError("no free port")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "likelight", *arguments]


@dataclass
class Demo:
    """A running demo: its base URL, its process, and a client."""

    url: str
    process: asyncio.subprocess.Process
    client: aiohttp.ClientSession
    errors: bytearray
    heard: asyncio.Event

    def said(self) -> list[str]:
        """Return what it has logged so far, a line each."""
        return self.errors.decode().splitlines()

    async def get(self, path: str) -> Any:
        async with self.client.get(self.url + path) as reply:
            reply.raise_for_status()
            return await reply.json()

    async def bench(self) -> dict[str, Any]:
        return dict(await self.get("/bench/state.json"))

    async def summary(self) -> dict[str, Any]:
        return dict(await self.get("/v1/kitchens/demo"))

    async def press(self, button: str) -> None:
        async with self.client.post(self.url + "/bench/press", json={"button": button}) as reply:
            reply.raise_for_status()

    async def bench_states(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the bench's state at once and at each change."""
        yield await self.bench()
        async with self.client.get(
            self.url + "/bench/live", timeout=aiohttp.ClientTimeout(total=None)
        ) as stream:
            async for line in stream.content:
                if line.startswith(b"data:"):
                    yield await self.bench()

    async def until(self, holds: Any, seconds: float = WITHIN_S) -> dict[str, Any]:
        """Return the first bench state for which `holds(state)` is true."""
        async with asyncio.timeout(seconds):
            async for state in self.bench_states():
                if holds(state):
                    return state
        raise AssertionError("the bench closed its stream")

    async def logged(self, words: str, *, times: int = 1, seconds: float = WITHIN_S) -> None:
        """Return once the log has had `words` so many times."""
        async with asyncio.timeout(seconds):
            while self.errors.count(words.encode()) < times:
                self.heard.clear()
                await self.heard.wait()

    def kill(self) -> None:
        self.process.kill()


@asynccontextmanager
async def demo(state_dir: Path, *arguments: str, port: int | None = None) -> AsyncIterator[Demo]:
    """Start `likelight demo`, wait for its address, and end it with Ctrl-C's signal."""
    port = port or free_port()
    process = await asyncio.create_subprocess_exec(
        *command("demo", "--port", str(port), "--state-dir", str(state_dir), "--no-browser"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    errors, heard = bytearray(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_drain(process.stderr, errors, heard))
        try:
            await _announced(process, port, errors)
            # A cookie jar that forgets: each request is a viewer of its own.
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
                yield Demo(f"http://127.0.0.1:{port}", process, client, errors, heard)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
                try:
                    async with asyncio.timeout(WITHIN_S):
                        await process.wait()
                except TimeoutError:
                    process.kill()
                    await process.wait()
                    raise


async def _announced(process: asyncio.subprocess.Process, port: int, errors: bytearray) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        async for line in process.stdout:
            if f":{port}/bench".encode() in line:
                return
    raise AssertionError(f"the demo ended with {process.returncode}:\n{errors.decode()}")


async def _drain(
    stream: asyncio.StreamReader | None, into: bytearray, heard: asyncio.Event
) -> None:
    assert stream is not None
    async for line in stream:
        into.extend(line)
        heard.set()
