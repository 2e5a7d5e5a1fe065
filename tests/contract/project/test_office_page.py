"""The page for the IT person at Windows: its commands, what Explorer copies, and its sheet."""

import csv
import shlex
import shutil
from pathlib import Path

import pytest

from likelight.cli.main import main as likelight
from likelight.fleet.boot_volume.take import CODE_FILE, Places, take
from likelight_cloud.cli.main import main as likelight_cloud
from support.page_commands import page_commands
from support.papers import OFFICE, check_sheet

STORES = """store,name,country,board,kit,ssid,security{}
0421,Harbour,DE,pi-5,reference,Kitchen,wpa2{}
"""


def test_the_sheet_to_print_is_this_page() -> None:
    check_sheet(OFFICE)


def test_what_the_server_makes_and_explorer_copies_becomes_the_store_s_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("stores.csv").write_text(STORES.format(",passphrase", ",open-sesame"), encoding="utf-8")
    Path("cloud.csv").write_text(STORES.format("", ""), encoding="utf-8")
    monkeypatch.setenv("LIKELIGHT_DATABASE", str(tmp_path / "cloud.sqlite"))
    assert likelight_cloud(["init"]) == 0
    first, second = page_commands(OFFICE, "On the cloud's server")
    program, *words = shlex.split(first)
    assert (program, likelight_cloud(words)) == ("likelight-cloud", 0)
    program, *words = shlex.split(second)
    assert (program, likelight(words)) == ("likelight", 0)

    seed, volume = Path("seeds/0421"), Path("bootfs")
    copied = {file.name for file in seed.iterdir()}
    drawn = (OFFICE.parent / "office/explorer.svg").read_text(encoding="utf-8")
    assert copied == {"likelight", "likelight.txt", "user-data"}
    assert all(f">{name}" in drawn for name in copied)
    of_the_image = {"config.txt", "cmdline.txt", "user-data", "meta-data", "network-config"}
    assert copied & of_the_image == {"user-data"}, "the one about which Explorer asks"
    shutil.copytree(seed, volume)

    etc = Path("etc")
    etc.mkdir()
    taken = take(volume, Places(etc / "likelight.toml", etc, etc / "report.json"), None)
    assert (taken.changed, taken.mistakes) == (True, ())
    with Path("codes.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["store"], row["code"]) == ("0421", (etc / CODE_FILE).read_text())
