"""`likelight lights` and `likelight queue` where no daemon runs."""

import socket
from pathlib import Path

import pytest
from PIL import Image

from likelight.appreciation.lamp.effects import EFFECTS
from likelight.cli import main as cli
from likelight.cli.lights import QUEUE, UNTIL
from likelight.config.settings import ConfigError, read_config
from likelight_hw import registry
from likelight_hw.boards import kit
from support.pi import PI_4, pi

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


BROKEN = {
    "a value that is none": """
board = "pi-4"
[web]
port = 80 80
[lights]
driver = "pwm"
pin = 12
[indicator]
driver = "onoff"
pin = 23
""",
    "a setting that doesn't exist, a board that doesn't, and a pin that is taken twice": """
board = "pi-4000"
kitchen = "ours"
[[lights]]
driver = "pwm"
pin = 12
frequency = 200
[[lights]]
driver = "pwm"
[indicator]
driver = "onoff"
pin = 23
blinks = true
[buttons]
driver = "gpio"
pin_thanks = 23
pin_privacy = 6
""",
    "a header that isn't closed, and bytes that are no text": """
board = "pi-4"
[camera
driver = "\udcff"
[lights]
driver = "pwm"
pin = 12
[indicator]
driver = "onoff"
pin = 23
""",
}


@pytest.mark.parametrize("settings", BROKEN.values(), ids=BROKEN)
def test_a_broken_configuration_still_switches_off_what_it_names(
    tmp_path: Path, settings: str, capsys: Captured
) -> None:
    file = tmp_path / "likelight.toml"
    file.write_bytes(settings.encode(errors="surrogateescape"))
    with pi(PI_4) as header:
        for pin in (12, 23):
            header.pin(pin).function = "output"
            header.pin(pin).state = 1
        assert cli.main(["lights", "off", "--hardware", "--config", str(file)]) == 0
        assert all(header.is_let_go(pin) for pin in (12, 23))
    told = capsys.readouterr().err
    assert "what can be read of its lights is switched off" in told
    assert ("lamp 2 of [lights] can't be read, and may still be on" in told) is ("[[" in settings)


@pytest.mark.parametrize("said", ['"jes"', "true\nactive-low = true"])
def test_a_light_whose_way_round_can_t_be_read_is_left_alone_and_told(
    tmp_path: Path, capsys: Captured, said: str
) -> None:
    settings = f"""
board = "pi-4"
[lights]
driver = "pwm"
pin = 12
active_low = jes
[indicator]
driver = "onoff"
pin = 23
active_low = {said}
"""
    with pi(PI_4) as header:
        for pin in (12, 23):
            header.pin(pin).function = "output"
            header.pin(pin).state = 1
        assert cli.main(["lights", "off", "--hardware", "--config", write(tmp_path, settings)]) == 0
        assert [header.pin(pin).state for pin in (12, 23)] == [1, 1]
    told = capsys.readouterr().err
    assert "[lights] can't be read, and may still be on" in told
    assert "[indicator] can't be read, and may still be on" in told


HIDDEN = {
    "a table that is broken": "[indicator]\nactive_low = true\npin = 2 3\n",
    "a header that is not closed": "[indicator\nactive_low = true\n",
    "a table that is misspelt": "[Indicater]\nactive_low = true\n",
    "a table that is there twice": "[indicator]\nactive_low = true\n[indicator]\npin = 23\n",
    "a key in capitals": "[indicator]\nACTIVE_LOW = true\n",
}


@pytest.mark.parametrize("said", HIDDEN.values(), ids=HIDDEN)
def test_a_kit_s_light_that_the_file_may_have_turned_round_is_left_alone_and_told(
    tmp_path: Path, capsys: Captured, said: str
) -> None:
    settings = f'board = "pi-4"\nkit = "reference"\n{said}[web]\nport = eighty\n'
    pin = kit("reference").settings["indicator"]["pin"]
    with pi(PI_4) as header:
        header.pin(pin).function = "output"
        header.pin(pin).state = 1
        assert cli.main(["lights", "off", "--hardware", "--config", write(tmp_path, settings)]) == 0
        assert header.pin(pin).state == 1
    assert "ndica" in capsys.readouterr().err.split("switched off")[1]


def test_lamps_of_which_two_tables_tell_are_left_alone_and_told(
    tmp_path: Path, capsys: Captured
) -> None:
    lamp = '[lights]\ndriver = "pwm"\npin = 12\n'
    settings = f'board = "pi-4"\n{lamp}active_low = true\n{lamp}'
    with pi(PI_4) as header:
        header.pin(12).function = "output"
        header.pin(12).state = 1
        assert cli.main(["lights", "off", "--hardware", "--config", write(tmp_path, settings)]) == 0
        assert header.pin(12).state == 1
    told = capsys.readouterr().err
    assert "no light was switched off" in told
    assert "[lights] can't be read, and may still be on" in told


def test_a_kit_s_lights_go_off_below_a_broken_table(tmp_path: Path, capsys: Captured) -> None:
    settings = 'board = "pi-4"\nkit = "reference"\n[web]\nport = eighty\n'
    pin = kit("reference").settings["indicator"]["pin"]
    with pi(PI_4) as header:
        header.pin(pin).function = "output"
        header.pin(pin).state = 1
        assert cli.main(["lights", "off", "--hardware", "--config", write(tmp_path, settings)]) == 0
        assert header.is_let_go(pin)
    assert "can't be read, and" not in capsys.readouterr().err

    unnamed = write(tmp_path, settings.replace("=", ":", 1))
    assert cli.main(["lights", "off", "--hardware", "--config", unnamed]) == 0
    assert "a kit's light can't be read, and may still be on" in capsys.readouterr().err


def test_a_configuration_that_is_gone_switches_nothing_off_and_says_so(
    tmp_path: Path, capsys: Captured
) -> None:
    file = tmp_path / "likelight.toml"
    assert cli.main(["lights", "off", "--hardware", "--config", str(file)]) == 0
    told = capsys.readouterr().err.splitlines()
    assert "there is no configuration" in told[0]
    assert told[1] == "likelight: no light was switched off"


def test_off_hardware_succeeds_whatever_breaks_and_says_where(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(registry, "all_off", broken)
    assert cli.main(["lights", "off", "--hardware", "--config", write(tmp_path, "")]) == 0
    told = capsys.readouterr().err
    assert "The lights may still be on" in told
    assert "in broken\n" in told
    assert "ZeroDivisionError: a mistake of ours" in told


def test_a_lamp_that_is_not_there_is_told(tmp_path: Path, capsys: Captured) -> None:
    assert cli.main(["lights", "play", "felt", "--config", write(tmp_path, REAL)]) == 69
    assert "The lamp does not answer" in capsys.readouterr().err


def test_a_red_brand_is_a_mistake_with_its_line_and_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read_config(Path(write(tmp_path, '[brand]\nheart = "#E31837"')))
    words = str(refused.value)
    assert "brand.heart" in words
    assert "line 3" in words
    assert "#E31837 is red or amber, which on a lamp in a kitchen means fire" in words
    assert "Choose a paler one, such as #" in words
