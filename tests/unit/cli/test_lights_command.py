"""`likelight lights` and `likelight queue` where no daemon runs."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from likelight.appreciation.lamp.effects import EFFECTS
from likelight.cli import lights
from likelight.cli import main as cli
from likelight.cli.queue import DONE, QUEUE
from likelight.config import opened_lights
from likelight.config import settings as settings_module
from likelight.config.opened_lights import (
    OpenedLights,
    read_opened_lights,
    write_opened_lights,
)
from likelight.config.settings import ConfigError, read_config
from likelight.runtime import log
from likelight.web.control.messages import EffectsAnswer
from likelight_hw import registry
from likelight_hw.wiring import IndicatorWiring, LampWiring, PwmChannel
from support.pi import PI_4, Pi, pi

Captured = pytest.CaptureFixture[str]


def write(tmp_path: Path, settings: str) -> str:
    config = tmp_path / "likelight.toml"
    config.write_text(f'state_dir = "{tmp_path}"\n{settings}')
    return str(config)


def test_the_command_plays_on_the_lamp_itself(tmp_path: Path, capfd: Captured) -> None:
    assert cli.main(["lights", "play", "felt", "--state-dir", str(tmp_path)]) == 0
    out = capfd.readouterr().out
    assert "SIMULATED: there is nothing to see" in out
    assert EFFECTS["felt"].means in out


@pytest.mark.parametrize("words", [*(f"queue {name}" for name in QUEUE), "lights off", "lights on"])
def test_the_rest_says_that_no_daemon_runs(tmp_path: Path, words: str, capfd: Captured) -> None:
    assert cli.main([*words.split(), "--state-dir", str(tmp_path)]) == 69
    err = capfd.readouterr().err
    assert err == (
        f"likelight: no likelight runs that listens on {tmp_path}/control.sock. Start it "
        "(`sudo systemctl start likelight`), or name its configuration with --config\n"
    )


def test_a_daemon_without_a_bench_page_speaks_of_none(capfd: Captured) -> None:
    assert lights._follow(EffectsAnswer(effects=(), simulated=True)) == 0
    out = capfd.readouterr().out
    assert out == (
        "SIMULATED: no real lamp shows this. lights.driver in the configuration names a lamp\n"
    )


def test_a_stale_socket_is_not_a_daemon(tmp_path: Path, capfd: Captured) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "control.sock"))
    assert cli.main(["queue", "pause", "--state-dir", str(tmp_path)]) == 69
    assert "no likelight runs" in capfd.readouterr().err


def test_every_action_says_what_it_did() -> None:
    assert set(DONE) | {"skip"} == set(QUEUE)


@pytest.mark.parametrize("words", ["play strobe", "strip strobe --out strobe.png"])
def test_an_unknown_effect_is_reported_with_those_that_exist(words: str, capfd: Captured) -> None:
    assert cli.main(["lights", *words.split()]) == 2
    err = capfd.readouterr().err
    assert err == f"likelight: there is no effect strobe; there is: {', '.join(EFFECTS)}\n"


def test_a_strip_is_written(tmp_path: Path, capfd: Captured) -> None:
    assert cli.main(["lights", "strip", "note", "--out", str(tmp_path / "note.png")]) == 0
    with Image.open(tmp_path / "note.png") as picture:
        assert picture.format == "PNG"
    assert cli.main(["lights", "strip", "note", "--out", str(tmp_path / "no" / "n.png")]) == 2
    assert cli.main(["lights", "strip", "note", "--out", str(tmp_path / "note.txt")]) == 2
    first, second = capfd.readouterr().err.splitlines()
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


def test_everything_off_says_that_a_daemon_runs_which_may_light_them_again(
    tmp_path: Path, capfd: Captured
) -> None:
    command = ["lights", "off", "--hardware", "--config", write(tmp_path, "")]
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(tmp_path / "control.sock"))
        daemon.listen()
        assert cli.main(command) == 0
    assert "A likelight runs here and may light them again" in capfd.readouterr().err
    assert cli.main(command) == 0
    assert "runs here" not in capfd.readouterr().err


BROKEN = 'board = "pi-4"\n[web]\nport = 80 80\n'
LIGHTS = OpenedLights(
    lamps=(
        LampWiring(driver="pwm", pin=12),
        LampWiring(driver="rgb", pins=(17, 27, 22)),
        LampWiring(driver="onoff", pin=6, active_low=True),
    ),
    indicator=IndicatorWiring(driver="onoff", pin=23, active_low=True),
)
PINS = (12, 17, 27, 22, 6, 23)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directories that systemd gives to the service, its ExecStopPost included."""
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    (tmp_path / "run").mkdir()
    (tmp_path / "state").mkdir()
    return tmp_path / "run"


@contextmanager
def lit(pins: Sequence[int] = PINS) -> Iterator[Pi]:
    """A header whose `pins` a killed daemon left as outputs."""
    with pi(PI_4) as header:
        for pin in pins:
            header.pin(pin).function = "output"
            header.pin(pin).state = 1
        yield header


def off(tmp_path: Path, settings: str = BROKEN) -> int:
    return cli.main(["lights", "off", "--hardware", "--config", write(tmp_path, settings)])


@pytest.mark.parametrize("place", ["run", "state"])
def test_below_a_broken_configuration_goes_off_what_was_last_opened(
    tmp_path: Path, runtime: Path, place: str, capfd: Captured
) -> None:
    write_opened_lights(tmp_path / place, LIGHTS)
    with lit() as header:
        assert off(tmp_path) == 0
        assert all(header.is_let_go(pin, high=pin in (6, 23)) for pin in PINS)
    told = capfd.readouterr().err
    assert "line 4: the line goes on after the value" in told
    assert "Switching off what likelight opened when it started last" in told


CHANGED = 'board = "pi-4"\n[lights]\ndriver = "pwm"\npin = 18\n'


def test_below_a_configuration_that_was_changed_since_goes_off_what_was_last_opened(
    tmp_path: Path, runtime: Path, capfd: Captured
) -> None:
    write_opened_lights(runtime, LIGHTS)
    with lit((*PINS, 18)) as header:
        assert off(tmp_path, CHANGED) == 0
        assert all(header.is_let_go(pin, high=pin in (6, 23)) for pin in PINS)
        assert header.pin(18).state == 1
    assert "The configuration has changed: switching off what" in capfd.readouterr().err


@pytest.mark.parametrize("left", [None, b"{"], ids=["none", "damaged"])
def test_where_nothing_says_what_was_opened_the_configuration_counts(
    tmp_path: Path, runtime: Path, capfd: Captured, left: bytes | None
) -> None:
    if left is not None:
        (runtime / "lights.json").write_bytes(left)
    with lit((18,)) as header:
        assert off(tmp_path, CHANGED) == 0
        assert header.is_let_go(18)
    told = capfd.readouterr().err
    assert ("lights.json is damaged" in told) is (left is not None)
    assert "has changed" not in told


DAMAGED = {
    "empty": "",
    "half written": LIGHTS.model_dump_json()[:-9],
    "another format": '{"lamps": "all"}',
    "no text": "\udcff",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_lights_file_is_reported(
    tmp_path: Path, runtime: Path, content: str, capfd: Captured
) -> None:
    (runtime / "lights.json").write_bytes(content.encode(errors="surrogateescape"))
    assert off(tmp_path) == 0
    told = capfd.readouterr().err
    assert f"{runtime}/lights.json is damaged" in told
    assert "No light was switched off" in told


def test_an_absent_lights_file_is_reported_with_where_it_was_looked_for(
    tmp_path: Path, runtime: Path, capfd: Captured
) -> None:
    assert cli.main(["lights", "off", "--hardware", "--config", str(tmp_path / "gone.toml")]) == 0
    told = capfd.readouterr().err
    assert "there is no configuration" in told
    assert f"No likelight has left a lights.json in {runtime} or " in told
    assert "No light was switched off" in told


def test_a_lights_file_that_is_a_link_or_a_pipe_is_not_followed(
    tmp_path: Path, runtime: Path, capfd: Captured
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write_opened_lights(elsewhere, LIGHTS)
    (runtime / "lights.json").symlink_to(elsewhere / "lights.json")
    with lit() as header:
        assert off(tmp_path) == 0
        assert header.pin(12).state == 1
    assert f"can't read {runtime}/lights.json" in capfd.readouterr().err
    (runtime / "lights.json").unlink()
    os.mkfifo(runtime / "lights.json")
    assert off(tmp_path) == 0
    assert "lights.json is not an ordinary file" in capfd.readouterr().err


def test_a_lights_file_of_another_user_is_refused(
    tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured
) -> None:
    write_opened_lights(runtime, LIGHTS)
    owner = (runtime / "lights.json").stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    if owner == 0:
        os.chown(runtime / "lights.json", 4242, -1)
    with lit() as header:
        assert off(tmp_path) == 0
        assert header.pin(12).state == 1
    assert "belongs to another user" in capfd.readouterr().err


def test_what_was_opened_comes_back_whole_and_only_its_user_may_read_it(tmp_path: Path) -> None:
    lights = OpenedLights(
        lamps=(
            LampWiring(
                driver="sysfs-pwm", pin=12, frequency_hz=5000, pwm=PwmChannel("fe20c000.pwm", 0)
            ),
            LampWiring(driver="ws2812-pio", pin=18, leds=8, device=Path("/dev/leds1")),
            *LIGHTS.lamps,
        ),
        indicator=LIGHTS.indicator,
    )
    write_opened_lights(tmp_path, lights)
    assert (tmp_path / "lights.json").stat().st_mode & 0o777 == 0o600
    assert read_opened_lights(tmp_path) == lights


def test_off_hardware_succeeds_whatever_breaks_and_says_where(
    tmp_path: Path, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(registry, "all_off", broken)
    assert cli.main(["lights", "off", "--hardware", "--config", write(tmp_path, "")]) == 0
    told = capfd.readouterr().err
    assert "The lights may still be on" in told
    assert "in broken\n" in told
    assert "ZeroDivisionError: a mistake of ours" in told


def test_what_was_opened_goes_off_though_reading_the_configuration_breaks(
    tmp_path: Path, runtime: Path, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a mistake of ours")

    write_opened_lights(runtime, LIGHTS)
    monkeypatch.setattr(settings_module, "read_config", broken)
    with lit() as header:
        assert off(tmp_path) == 0
        assert all(header.is_let_go(pin, high=pin in (6, 23)) for pin in PINS)
    assert "in broken\n" in capfd.readouterr().err


def test_off_hardware_succeeds_also_when_the_lights_file_can_t_be_asked_for(
    tmp_path: Path, runtime: Path, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(opened_lights, "read_opened_lights", broken)
    assert off(tmp_path) == 0
    told = capfd.readouterr().err
    assert "The lights may still be on" in told
    assert "ZeroDivisionError: a mistake of ours" in told


def test_off_hardware_succeeds_also_when_nobody_reads_what_it_says(
    tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("nobody listens")

    monkeypatch.setattr(log, "logging_to_stderr", broken)
    assert off(tmp_path) == 0


def test_a_lamp_that_is_not_there_is_reported(tmp_path: Path, capfd: Captured) -> None:
    assert cli.main(["lights", "play", "felt", "--config", write(tmp_path, REAL)]) == 69
    assert "The lamp does not answer" in capfd.readouterr().err


def test_a_red_brand_is_a_mistake_with_its_line_and_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read_config(Path(write(tmp_path, '[brand]\nheart = "#E31837"')))
    words = str(refused.value)
    assert "brand.heart" in words
    assert "line 3" in words
    assert "#E31837 is red or amber, which on a lamp in a kitchen means fire" in words
    assert "Choose a paler one, such as #" in words
