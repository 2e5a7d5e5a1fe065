"""What a USB stick may say, and what never comes from one."""

import os
from pathlib import Path

import pytest

from likelight.cli import boot_volume
from likelight.cli import target as cli_target
from likelight.cli.exits import Exit
from likelight.cli.main import main
from likelight.config.boot_report import NO_STICK, StickReport, read_report, read_stick
from likelight.config.settings import read_config
from likelight.contract.enrolment import new_code
from likelight.fleet.boot_volume import take as take_module
from likelight.fleet.boot_volume.stick import look_at_stick
from likelight.fleet.boot_volume.take import Places
from likelight.fleet.seed.boot_masks import masks_of

OWN = {"store": "0421", "name": "Harbour", "language": "en", "cloud": "https://cloud.example"}
WIFI = "ssid = Kitchen\r\nsecurity = wpa2\r\npassphrase = open-sesame\r\n"
COVERED = "0,0 0.5,0 0.5,1 0,1"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    for name in ("etc", "profiles", "sticks", "stick"):
        (tmp_path / name).mkdir()
    return Places(
        tmp_path / "etc" / "likelight.toml",
        tmp_path / "profiles",
        tmp_path / "report.json",
        tmp_path / "answer",
        tmp_path / "sticks",
    )


def look(places: Places, text: str | bytes, own: dict[str, str] | None = None) -> StickReport:
    stick = places.sticks.with_name("stick")
    content = text.encode() if isinstance(text, str) else text
    (stick / "likelight.txt").write_bytes(content)
    told = look_at_stick(stick, places, OWN if own is None else own, masks_of(COVERED))
    assert (stick / "likelight.txt").read_bytes() == content, "a stick is only read"
    assert [path.name for path in stick.iterdir()] == ["likelight.txt"]
    assert read_stick(places.sticks) == (told or NO_STICK)
    return told or NO_STICK


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cloud = https://other.example", "to another cloud: nothing in it counts"),
        ("store = 0422", "to another store: nothing in it counts"),
        ("hours = 10:00-22:00", "before the = stands no setting"),
        ("consent = yes", "before the = stands no setting"),
        ("privacy = off", "before the = stands no setting"),
        ("board = pi-5", "board can't be changed here"),
        ("timezone = Europe/Berlin", "timezone can't be changed here"),
        ("reset = another-store", "a stick resets no device"),
    ],
)
def test_cloud_kitchen_hours_consent_and_privacy_never_come_from_a_stick(
    places: Places, line: str, said: str
) -> None:
    for own in (OWN, {**OWN, "store": "0423", "cloud": "https://third.example"}):
        told = look(places, f"{line}\r\n{WIFI}", own)
        assert told.asked is None, "nothing else of the file is asked about either"
        assert said in told.mistakes[0].words
    told = look(places, f"{line}\r\n{WIFI}", {})
    assert told.asked is None, "also not before it has enrolled"
    assert told.mistakes[0].line == 1


def test_only_what_is_new_is_asked_about_and_root_alone_reads_the_copy(places: Places) -> None:
    same = "store = 0421\r\ncloud = https://cloud.example/\r\nname = Harbour\r\nlanguage = en\r\n"
    assert look(places, same) == look(places, f"{same}masks = {COVERED}\r\n") == NO_STICK
    asked = look(places, f"{same}{WIFI}").asked
    assert asked is not None
    assert (asked.network, asked.name, asked.language, asked.masks) == ("Kitchen", "", "", False)
    told = places.sticks / "stick.json"
    assert "open-sesame" not in told.read_text()
    assert [path.stat().st_mode & 0o777 for path in (told, told.with_suffix(".txt"))] == [
        0o644,
        0o600,
    ]


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ("ssid = hex:ff00\r\nsecurity = open\r\n", "hex:ff00"),
        ("ssid = hex:e2808f41\r\nsecurity = open\r\n", "hex:e2808f41"),
        ("address = 192.0.2.21/24\r\ngateway = 192.0.2.1\r\ndns = 192.0.2.53\r\n", "192.0.2.21/24"),
    ],
)
def test_each_network_has_a_name_that_a_panel_can_write(
    places: Places, network: str, said: str
) -> None:
    asked = look(places, network).asked
    assert asked is not None
    assert asked.network == said


def test_what_is_no_such_file_is_said_or_nothing(places: Places) -> None:
    stick = places.sticks.with_name("stick")
    assert look_at_stick(stick, places, OWN, ()) is None
    (told,) = look(places, b"x" * 200_000).mistakes
    assert (told.remedy, told.words) == ("save", "the file is larger than 64 KiB: write it anew")
    file = stick / "likelight.txt"
    secret = stick.with_name("secret")
    secret.write_text("name = Port\r\n")
    for make in (file.mkdir, lambda: os.mkfifo(file), lambda: file.symlink_to(secret)):
        if file.exists():
            file.unlink() if not file.is_dir() else file.rmdir()
        make()
        report = look_at_stick(stick, places, OWN, ())
        assert report is not None
        assert [wrong.remedy for wrong in report.mistakes] == ["save"]


@pytest.fixture
def device(places: Places, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A device with masks, whose commands find it at `places`; its NetworkManager writes down what
    it is asked."""
    folder = places.config.parent
    own = cli_target.Places(places.config, folder / "none", folder)
    monkeypatch.setattr(cli_target, "Places", lambda: own)
    monkeypatch.setattr(take_module, "Places", lambda: places)
    state = folder / "state"
    places.config.write_text(
        f'state_dir = "{state}"\n[kitchen]\nid = "0421"\n[camera]\ndriver = "sim"\n'
        f"masks = {[[list(corner) for corner in mask] for mask in masks_of(COVERED)]}\n"
    )
    programs = folder / "programs"
    programs.mkdir()
    nmcli = programs / "nmcli"
    nmcli.write_text(f'#!/bin/sh\necho "$@" >>{folder}/asked\n')
    nmcli.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return places


def test_the_unit_s_commands_ask_and_take_and_masks_that_uncover_are_asked_about_again(
    device: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    stick = device.sticks.with_name("stick")
    (stick / "likelight.txt").write_text(
        f"store = 0421\r\ncode = {new_code()}\r\n{WIFI}name = Port\r\nmasks = none\r\n"
    )
    words = ["boot-volume", str(stick)]
    assert main([*words, "--stick"]) == Exit.DONE
    assert "The panel asks" in capsys.readouterr().out
    volume = ["boot-volume", str(stick.with_name("no-volume"))]
    assert main(volume) == Exit.DONE
    assert read_config(device.config).kitchen.name != "Port", "nobody has agreed"
    asked = read_stick(device.sticks).asked
    assert asked is not None
    assert asked.masks
    device.answer.write_text(asked.nonce)
    (stick / "likelight.txt").write_text("name = Castle\r\n")
    assert main(volume) == Exit.DONE
    config = read_config(device.config)
    assert (config.kitchen.name, config.camera.masks) == ("Port", masks_of(COVERED))
    assert not (device.config.parent / "enrolment-code").exists(), "nor does a code"
    waiting = read_report(device.report).masks
    assert waiting is not None
    assert waiting.asked == ()
    assert (device.config.parent / "asked").read_text().splitlines() == [
        "connection reload",
        "--wait 0 connection up likelight-wifi",
    ]
    assert main(volume) == Exit.DONE
    assert read_config(device.config).kitchen.name == "Port", "an answer counts once"
    assert boot_volume._enrolled() is None, "it works before it has enrolled, too"
