"""`likelight lights` and `likelight queue` where no daemon runs."""

import socket
from pathlib import Path

import pytest
from PIL import Image

from likelight import cli
from likelight.appreciation.effects import EFFECTS
from likelight.config import ConfigError, load
from likelight.control.command import QUEUE, UNTIL

Captured = pytest.CaptureFixture[str]


def write(tmp_path: Path, settings: str) -> str:
    config = tmp_path / "likelight.toml"
    config.write_text(f'state_dir = "{tmp_path}"\n{settings}')
    return str(config)


def test_the_command_plays_on_the_lamp_itself(tmp_path: Path, capsys: Captured) -> None:
    assert cli.main(["lights", "play", "felt", "--state-dir", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "SIMULATED: there is nothing to see" in out
    assert EFFECTS["felt"].means in out


@pytest.mark.parametrize("words", [*(f"queue {name}" for name in QUEUE), "lights off", "lights on"])
def test_the_rest_says_that_no_daemon_runs(tmp_path: Path, words: str, capsys: Captured) -> None:
    assert cli.main([*words.split(), "--state-dir", str(tmp_path)]) == 69
    err = capsys.readouterr().err
    assert err == f"likelight: no likelight runs that listens on {tmp_path}/control.sock\n"


def test_a_stale_socket_is_no_daemon(tmp_path: Path, capsys: Captured) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "control.sock"))
    assert cli.main(["queue", "pause", "--state-dir", str(tmp_path)]) == 69
    assert "no likelight runs" in capsys.readouterr().err


def test_every_action_says_what_it_did() -> None:
    assert set(UNTIL) | {"skip"} == set(QUEUE)


@pytest.mark.parametrize("words", ["play strobe", "strip strobe --out strobe.png"])
def test_an_unknown_effect_is_told_with_those_that_exist(words: str, capsys: Captured) -> None:
    assert cli.main(["lights", *words.split()]) == 2
    err = capsys.readouterr().err
    assert err == f"likelight: there is no effect strobe; there is: {', '.join(EFFECTS)}\n"


def test_a_strip_is_written(tmp_path: Path, capsys: Captured) -> None:
    assert cli.main(["lights", "strip", "note", "--out", str(tmp_path / "note.png")]) == 0
    with Image.open(tmp_path / "note.png") as picture:
        assert picture.format == "PNG"
    assert cli.main(["lights", "strip", "note", "--out", str(tmp_path / "no" / "n.png")]) == 2
    assert cli.main(["lights", "strip", "note", "--out", str(tmp_path / "note.txt")]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "No such file" in first
    assert "let it end with .png" in second


REAL = """
board = "pi-5"
[lights]
driver = "ws2812-pio"
device = "/dev/no-such-leds"
leds = 3
pin = 18
[indicator]
driver = "onoff"
pin = 23
"""


@pytest.mark.parametrize("settings", ["", REAL, "[", '[lights]\ndriver = "laser"'])
def test_everything_off_never_fails(tmp_path: Path, settings: str) -> None:
    """Also where the pins can't be had, and where the configuration can't be read."""
    assert cli.main(["lights", "off", "--hardware", "--config", write(tmp_path, settings)]) == 0


def test_a_lamp_that_is_not_there_is_told(tmp_path: Path, capsys: Captured) -> None:
    assert cli.main(["lights", "play", "felt", "--config", write(tmp_path, REAL)]) == 69
    assert "The lamp does not answer" in capsys.readouterr().err


def test_a_red_brand_is_a_mistake_with_its_line_and_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load(Path(write(tmp_path, '[brand]\nheart = "#E31837"')))
    words = str(refused.value)
    assert "brand.heart" in words
    assert "line 3" in words
    assert "#E31837 is red or amber, which on a lamp in a kitchen means fire" in words
    assert "Choose a paler one, such as #" in words
