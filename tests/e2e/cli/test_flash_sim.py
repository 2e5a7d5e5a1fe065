"""From a spreadsheet to a lit lamp: a list, its codes, a seed, and a simulated device from it."""

import asyncio
import signal
import uuid
from pathlib import Path

import aiohttp

from likelight_cloud.cli.main import main
from support.cloud_server import cloud_server
from support.demo import command, free_port


async def test_a_row_of_the_list_becomes_a_device_whose_lamp_lights(tmp_path: Path) -> None:
    database, stores, codes = (tmp_path / name for name in ("cloud.db", "stores.csv", "codes.csv"))
    stores.write_text("store,name,board,kit,language\n0421,Harbour,pi-5,reference,de\n")
    async with (
        cloud_server(database) as site,
        aiohttp.ClientSession(site.public) as session,
        asyncio.timeout(120),
    ):
        imported = ["kitchen", "import", str(stores), "--codes", str(codes)]
        assert await asyncio.to_thread(main, [*imported, "--database", str(database)]) == 0
        words = ("--stores", str(stores), "--codes", str(codes), "--cloud", site.public)
        sim = ("--store", "0421", "--to", "sim", "--port", str(free_port()))
        state = ("--state-dir", str(tmp_path / "state"))
        device = await asyncio.create_subprocess_exec(
            *command("flash", *words, *sim, *state),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            like = {"n": 1, "batch": str(uuid.uuid4())}
            async with session.post("/v1/kitchens/0421/likes", json=like) as liked:
                total = (await liked.json())["total"]
            lit = 0
            while lit < total:
                assert device.returncode is None, "it ended"
                await asyncio.sleep(0.05)
                async with session.get("/v1/kitchens/0421") as summary:
                    lit = (await summary.json())["lamp"]["lit_total"]
        finally:
            if device.returncode is None:
                device.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                await device.wait()
        assert device.returncode == 0
