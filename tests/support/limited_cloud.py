"""`likelight-cloud serve` as a process that may open few files, and clients of many addresses."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from likelight_cloud.trust.audit_lines import row_told
from support.cloud import KID
from support.waiting import WITHIN_S


@dataclass
class LimitedCloud:
    """A running cloud: process, ports, the token of its one kitchen's device, what it logged."""

    process: asyncio.subprocess.Process
    port: int
    admin_port: int
    token: str
    said: list[str] = field(default_factory=list)


@asynccontextmanager
async def limited_cloud(folder: Path, *arguments: str, files: int) -> AsyncIterator[LimitedCloud]:
    """Serve a kitchen from a process whose descriptor limit is `files`."""
    await (await _started("init", folder=folder)).wait()
    added = await _started("kitchen", "add", KID, "Demo", folder=folder)
    told, _ = await added.communicate()
    ports = ("--port", "0", "--admin-port", "0")
    server = await _started("serve", *ports, *arguments, folder=folder, files=files)
    assert server.stderr is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            first = (await server.stderr.readline()).decode()
        found = re.search(r"answers at http://\S+:(\d+),.*http://\S+:(\d+)/metrics", first)
        assert found, first
        cloud = LimitedCloud(server, int(found[1]), int(found[2]), told.decode().split()[-1])
        listening = asyncio.create_task(_listen(server.stderr, cloud.said))
        yield cloud
        listening.cancel()
    finally:
        server.kill()
        await server.wait()


async def _started(
    *arguments: str, folder: Path, files: int | None = None
) -> asyncio.subprocess.Process:
    limit = f"ulimit -n {files}; " if files else ""
    command = f'{limit}exec "$0" -m likelight_cloud "$@"'
    return await asyncio.create_subprocess_exec(
        "sh",
        "-c",
        command,
        sys.executable,
        *arguments,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _listen(stream: asyncio.StreamReader, into: list[str]) -> None:
    async for line in stream:
        if row_told(line.decode()) is None:  # each start tells the rows of the audit log
            into.append(line.decode())


class Client:
    """One connection to the cloud."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, host: str = "127.0.0.1") -> "Client":
        """Connect from the loopback address `host`; 127.0.0.0/8 is all of this machine."""
        async with asyncio.timeout(WITHIN_S):
            return cls(*await asyncio.open_connection("127.0.0.1", port, local_addr=(host, 0)))

    async def ask(self, path: str, *headers: str) -> int:
        """Send a GET, read the reply's head, and return its status; 0 when there was none."""
        lines = "".join(f"{header}\r\n" for header in headers)
        try:
            self.writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
            async with asyncio.timeout(WITHIN_S):
                head = await self.reader.readuntil(b"\r\n\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            return 0
        return int(head.split()[1])

    def close(self) -> None:
        """Leave at once."""
        self.writer.transport.abort()


@asynccontextmanager
async def clients() -> AsyncIterator[list[Client]]:
    """Yield a list; the clients that a test puts into it are closed at the end."""
    kept: list[Client] = []
    try:
        yield kept
    finally:
        for client in kept:
            client.close()
