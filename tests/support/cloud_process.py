"""`likelight-cloud serve` as a process of its own."""

import asyncio
import re
import sys
from dataclasses import dataclass

from support.waiting import WITHIN_S


@dataclass(frozen=True)
class CloudProcess:
    """A running cloud, and the address of its administrators."""

    running: asyncio.subprocess.Process
    admin: str

    async def kill(self) -> None:
        """kill -9; return once it is gone."""
        if self.running.returncode is None:
            self.running.kill()
        await self.running.communicate()


async def serve(url: str, port: int, *options: str) -> CloudProcess:
    """Serve the database at `url` on `port`, without ceilings; return once it answers."""
    ceilings = ("--max-likes", "1000000", "--max-notes", "1000000")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "likelight_cloud", "serve", "--database", url, *ceilings),
        *("--port", str(port), "--admin-port", "0", *options),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(WITHIN_S):
        first = (await process.stderr.readline()).decode()
    told = re.match(r"The cloud answers at \S+, and administrators at (\S+)/readyz ", first)
    assert told, first
    return CloudProcess(process, told[1])
