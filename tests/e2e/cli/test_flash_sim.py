"""From a spreadsheet to a lit lamp: a list, its codes, a seed, and a simulated device from it."""

import asyncio
import signal
import uuid
from pathlib import Path

import aiohttp
import pytest

from likelight.fleet.boot_volume.take import Places, take
from likelight.fleet.seed.boot_text import boot_text
from likelight.fleet.stores.details import UNLISTED
from likelight.fleet.stores.rows import StoreRow
from likelight_cloud.cli.main import main
from support.cloud_server import cloud_server
from support.demo import command, free_port
from support.waiting import WITHIN_S


async def test_what_a_card_says_enrols_the_device_and_a_used_code_is_dropped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database, boot, etc = tmp_path / "cloud.db", tmp_path / "boot", tmp_path / "etc"
    config, code_file = etc / "likelight.toml", etc / "enrolment-code"
    pairing = ("pair", "--config", str(config), "--code-file", str(code_file))
    for folder in (boot, etc, tmp_path / "state"):
        folder.mkdir()
    config.write_text(f'state_dir = "{tmp_path / "state"}"\n')
    async with cloud_server(database) as site, asyncio.timeout(120):
        kitchen = ("0421", "--database", str(database))
        assert (
            await asyncio.to_thread(main, ["kitchen", "add", "0421", "Harbour", *kitchen[1:]]) == 0
        )
        capsys.readouterr()
        assert await asyncio.to_thread(main, ["kitchen", "code", *kitchen]) == 0
        code = capsys.readouterr().out.split()[-1]
        store = StoreRow("0421", "Harbour", UNLISTED, {})
        (boot / "likelight.txt").write_bytes(boot_text(store, site.public, code))
        taken = await asyncio.to_thread(
            take, boot, Places(config, etc, etc / "run" / "report.json"), None
        )
        assert taken.changed
        ends = []
        for _ in range(3):
            device = await asyncio.create_subprocess_exec(
                *command(*pairing),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            ends.append(await device.wait())
            assert not code_file.exists()
            code_file.write_text(code)
            if len(ends) == 2:
                (tmp_path / "state" / "token").rename(tmp_path / "of the first device")
        assert ends == [0, 0, 1], "the same device again, and then another one"


async def test_a_row_of_the_list_becomes_a_device_whose_lamp_lights(tmp_path: Path) -> None:
    database, stores, codes = (tmp_path / name for name in ("cloud.db", "stores.csv", "codes.csv"))
    said = tmp_path / "said"
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
        with said.open("wb") as out:
            device = await asyncio.create_subprocess_exec(
                *command("flash", *words, *sim, *state), stdout=out, stderr=out
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
            async with asyncio.timeout(WITHIN_S):
                await device.wait()
        assert device.returncode == 0
    words = said.read_text()
    assert "This device is Harbour (0421) now." in words
    assert f"Viewers open      {site.public}/k/0421\n" in words
    assert "A running likelight" not in words, "there is none: it starts only now"
