"""From nothing to a lit lamp: a device whose configuration names a cloud and no kitchen."""

import asyncio
import re
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from likelight.config.settings import read_config
from likelight_cloud.cli.main import main
from support.cloud import KID
from support.cloud_server import cloud_server
from support.demo import command, free_port
from support.waiting import WITHIN_S


@asynccontextmanager
async def device(config: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the daemon of `config` as systemd does."""
    process = await asyncio.create_subprocess_exec(
        *command("run", "--config", str(config)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN_S):
            await process.communicate()


async def test_a_device_that_knows_no_kitchen_becomes_the_one_that_the_operator_chooses(
    tmp_path: Path,
) -> None:
    database, config = tmp_path / "cloud.db", tmp_path / "likelight.toml"
    async with (
        cloud_server(database) as site,
        aiohttp.ClientSession(site.public) as session,
        asyncio.timeout(120),
    ):
        text = f'state_dir = "{tmp_path / "state"}"\n[web]\nport = {free_port()}\n'
        config.write_text(f'{text}[cloud]\nurl = "{site.public}"\n')
        async with device(config) as first:
            assert first.stderr is not None
            while True:
                line = (await first.stderr.readline()).decode()
                assert line, "it ended"
                if code := re.search(r"pairing confirm (\S+) ", line):
                    break
            words = ["pairing", "confirm", "--database", str(database), code[1], KID]
            assert await asyncio.to_thread(main, words) == 0
            # systemd starts it again after that.
            _, said = await first.communicate()
            assert first.returncode == 75
            assert b"likelight: this device is to be another kitchen's" in said
        kitchen = (await asyncio.to_thread(read_config, config)).kitchen
        assert (kitchen.id, kitchen.name) == (KID, "The demo kitchen")
        async with device(config):
            like = {"n": 1, "batch": str(uuid.uuid4())}
            address = f"/v1/kitchens/{KID}"
            async with session.post(f"{address}/likes", json=like) as liked:
                total = (await liked.json())["total"]
            lit = 0
            while lit < total:
                await asyncio.sleep(0.05)
                async with session.get(address) as summary:
                    lit = (await summary.json())["lamp"]["lit_total"]
