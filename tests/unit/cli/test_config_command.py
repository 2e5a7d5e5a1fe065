"""`likelight config check|show`, and `--set` and the warning of `likelight run`."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from likelight.cli import main as cli
from likelight.cli import serve
from likelight.config.settings import Config

Captured = pytest.CaptureFixture[str]

TEXT = """\
board = "zero-2w"
kit = "cheap"
[kitchen]
id = "lehi"
[camera]
fps = 20
[push]
url = "rtmps://live.example/app/stream-key-123"
[lights]
active_low = true
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "likelight.toml"
    path.write_text(TEXT)
    (tmp_path / "conf.d").mkdir()
    store = "[web]\n\nport = 8081\n[quiet]\nbrightness = 0"
    (tmp_path / "conf.d" / "50-store.toml").write_text(store)
    return path


def test_check_says_that_nothing_is_wrong(file: Path, capsys: Captured) -> None:
    assert cli.main(["config", "check", str(file)]) == 0
    assert capsys.readouterr().out == f"{file} has no mistakes\n"


def test_check_tells_all_mistakes_and_ends_with_2(file: Path, capsys: Captured) -> None:
    file.write_text(TEXT.replace("20", "2000").replace('"lehi"', "lehi"))
    assert cli.main(["config", "check", str(file), "--set", "web.port=80"]) == 2
    told = capsys.readouterr().err
    assert "\n  line 4: a text stands in quotes" in told
    assert "\n  line 6: camera.fps: use 60 or less" in told
    assert "\n  --set web.port: web.port: use 1024 or more" in told


def test_check_of_a_file_that_is_not_there_ends_with_2(tmp_path: Path, capsys: Captured) -> None:
    assert cli.main(["config", "check", str(tmp_path / "absent.toml")]) == 2
    assert "there is no configuration at" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "origin"),
    [
        ("web.port", "8081", "conf.d/50-store.toml:3"),
        ("web.host", '"0.0.0.0"', "LIKELIGHT_WEB__HOST"),
        ("quiet.brightness", "0.5", "--set quiet.brightness"),
        ("kitchen.id", '"lehi"', "{file}:4"),
        ("kitchen.name", '"Our kitchen"', "default"),
        ("kitchen.timezone", "(not set)", "default"),
        ("camera.fps", "20", "{file}:6"),
        ("camera.width", "1280", "board zero-2w"),
        ("lights.0.active_low", "true", "{file}:10"),
        ("lights.0.driver", '"sysfs-pwm"', "kit cheap"),
        ("lights.0.leds", "(not set)", "default"),
        ("push.url", '"rtmps://live.example/..."', "{file}:8"),
    ],
)
def test_show_has_each_value_with_its_origin(
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
    name: str,
    value: str,
    origin: str,
) -> None:
    monkeypatch.setenv("LIKELIGHT_WEB__HOST", "0.0.0.0")
    command = ["config", "show", "--origin", str(file), "--set", "quiet.brightness=0.5"]
    assert cli.main(command) == 0
    shown = capsys.readouterr().out
    assert f"{name} = {value}    # {origin.format(file=file)}\n" in shown
    assert "stream-key" not in shown


def test_lamps_of_a_higher_place_replace_those_of_the_file(file: Path, capsys: Captured) -> None:
    lamps = '[[lights]]\ndriver = "rgb"\npins = [17, 27, 22]'
    (file.parent / "conf.d" / "60.toml").write_text(lamps)
    assert cli.main(["config", "show", "--origin", str(file)]) == 0
    shown = capsys.readouterr().out
    assert 'lights.0.driver = "rgb"    # conf.d/60.toml:2\n' in shown
    assert "lights.0.active_low = false    # default\n" in shown


def test_run_takes_set_and_warns_of_a_token_on_the_open_internet(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    ran: list[Config] = []

    def serving(config: Config, *_: object) -> int:
        ran.append(config)
        return 0

    monkeypatch.setattr(serve, "serve", serving)
    file.write_text(TEXT + '[cloud]\nurl = "http://cloud.example"\ntoken_file = "/t"')
    assert cli.main(["run", "--config", str(file), "--set", "kitchen.id=provo"]) == 0
    assert [config.kitchen.id for config in ran] == ["provo"]
    assert "cloud.url is http://" in capsys.readouterr().err
    assert cli.main(["config", "check", str(file)]) == 0
    assert "Take care: cloud.url is http://" in capsys.readouterr().out


def test_a_terminal_that_lacks_a_letter_ends_no_command(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="euc_jp"))
    assert cli.main(["config", "show", str(file), "--set", "kitchen.name=Küche 😀 •"]) == 0
    sys.stdout.flush()
    assert b'kitchen.name = "K' in out.getvalue()


@pytest.mark.parametrize("encoding", ["euc_jp", "ascii", "iso8859-1"])
def test_the_doctor_speaks_in_any_locale(tmp_path: Path, encoding: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "likelight", "doctor", "--all", "--state-dir", str(tmp_path)],
        env={"PYTHONIOENCODING": encoding, "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        timeout=100,
    )
    assert ended.returncode in (0, 1)
    assert b"Traceback" not in ended.stderr
