"""`likelight-cloud link` makes the links that INGEST.md describes, and that the page takes."""

import asyncio
import html
import io
import re
import sys
import time
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from likelight_cloud.cli import link as command
from likelight_cloud.cli.main import main
from likelight_cloud.page.languages import WORDS
from support.cloud import KID, NOON, WallClock
from support.cloud_server import cloud_server
from support.ingest import SECRET, add_sources, signed_source

INGEST = Path(command.__file__).parents[2] / "INGEST.md"


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(command, "utc_now", lambda: NOON)
    file = tmp_path / "till.key"
    file.write_text(f"{SECRET}\n")
    return str(file)


def test_the_document_has_the_command_s_link(
    key_file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = INGEST.read_text("utf-8")
    (words,) = re.findall(r"^likelight-cloud (link .*)$", page, re.MULTILINE)
    blocks = [block for block in page.split("```") if block.startswith("python\n")]
    (program,) = (block.removeprefix("python\n") for block in blocks if "moment-link" in block)
    program = program.replace("whsec_…", SECRET)
    monkeypatch.setattr(time, "time", NOON.timestamp)
    made: dict[str, str] = {}
    exec(program, made)
    assert main(words.replace("till.key", key_file).split()) == 0
    assert capsys.readouterr().out.strip() == made["link"].replace("CLOUD", "cloud")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SECRET.encode())))
    assert main(words.replace("till.key", "-").split()) == 0
    assert capsys.readouterr().out.strip() == made["link"].replace("CLOUD", "cloud")


async def test_the_page_takes_the_link_until_it_is_over(
    tmp_path: Path, key_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = WallClock()
    async with (
        cloud_server(tmp_path / "cloud.db", now=clock) as site,
        aiohttp.ClientSession() as session,
    ):
        await add_sources(site.cloud.cloud.store, signed_source())
        options = ("--source", "till", "--secret-file", key_file, "--public-url", site.public)
        words = ["link", KID, "rush", "--minutes", "20", *options]
        assert await asyncio.to_thread(main, words) == 0
        link = capsys.readouterr().out.strip()

        async def asks() -> bool:
            async with session.get(link) as reply:
                hint = (await reply.text()).split('<p id="hint">')[1].split("</p>")[0]
            return html.unescape(hint) == WORDS["en"]["ask_rush"]

        assert await asks()
        clock.at += timedelta(minutes=20)
        assert not await asks()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("No", "rush"), "No is not a kitchen's id"),
        (("store-17", "rush", "--profile", "no-such.toml"), "can't read no-such.toml"),
    ],
)
def test_what_is_wrong_is_said(
    key_file: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    options = ("--source", "till", "--secret-file", key_file, "--public-url", "https://cloud")
    assert main(["link", *words, *options]) == 2
    assert told in capsys.readouterr().err
    for minutes in ("0", "181", "x"):
        with pytest.raises(SystemExit):
            main(["link", "store-17", "rush", "--minutes", minutes, *options])
        assert "from 1 to 180" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["link", "store-17", "baked", *options])
    assert "Moment" not in capsys.readouterr().err
