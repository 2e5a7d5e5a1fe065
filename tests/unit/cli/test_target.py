"""Which device a command means: one table for all commands."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from likelight.cli import main as cli
from likelight.cli.target import Places, Target, find_target
from likelight.config.settings import ConfigError

STORE = '[kitchen]\nid = "store"\n'


@dataclass(frozen=True)
class Case:
    """What a command says, what this machine has, and which device that must be.

    `files` are made; of a name that ends with / a directory.
    """

    says: str
    files: dict[str, str]
    kitchen: str
    state_dir: str
    socket: str
    environment: dict[str, str]


def case(
    says: str,
    files: dict[str, str],
    *,
    kitchen: str,
    state: str,
    socket: str | None = None,
    **environment: str,
) -> Case:
    return Case(says, files, kitchen, state, socket or f"{state}/control.sock", environment)


USUAL = {"etc/likelight.toml": STORE}
NAMED = {"etc/likelight.toml": f'state_dir = "{{root}}/data"\n{STORE}'}
SERVICE = {"var/likelight/": ""}
RUNNING = {**SERVICE, "run/likelight/control.sock": ""}
OTHER = {"other.toml": 'state_dir = "{root}/data"\n[kitchen]\nid = "other"\n'}

CASES = {
    "nothing at all: the demo": case("", {}, kitchen="demo", state="home/likelight/demo"),
    "nothing but a service's directory: still the demo": case(
        "", SERVICE, kitchen="demo", state="home/likelight/demo"
    ),
    "the usual file": case("", NAMED, kitchen="store", state="data"),
    "the usual file, no state_dir, no service": case(
        "", USUAL, kitchen="store", state="home/likelight"
    ),
    "the usual file, no state_dir, a service": case(
        "", {**USUAL, **SERVICE}, kitchen="store", state="var/likelight"
    ),
    "the usual file, no state_dir, a service that runs": case(
        "",
        {**USUAL, **RUNNING},
        kitchen="store",
        state="var/likelight",
        socket="run/likelight/control.sock",
    ),
    "a file that names the service's directory": case(
        "",
        {"etc/likelight.toml": f'state_dir = "{{root}}/var/likelight"\n{STORE}', **RUNNING},
        kitchen="store",
        state="var/likelight",
        socket="run/likelight/control.sock",
    ),
    "a file that names another directory, and a service that runs": case(
        "", {**NAMED, **RUNNING}, kitchen="store", state="data"
    ),
    "--config counts more than the usual file": case(
        "--config other.toml", {**USUAL, **OTHER}, kitchen="other", state="data"
    ),
    "--config, no state_dir, a service": case(
        "--config other.toml",
        {"other.toml": STORE, **SERVICE},
        kitchen="store",
        state="var/likelight",
    ),
    "--state-dir is the demo, whatever the usual file says": case(
        "--state-dir there", {**NAMED, **RUNNING}, kitchen="demo", state="there"
    ),
    "inside the service": case(
        "",
        {**USUAL, **SERVICE},
        kitchen="store",
        state="given",
        STATE_DIRECTORY="{root}/given:{root}/second",
    ),
    "inside the service, with a file that names a directory": case(
        "", NAMED, kitchen="store", state="data", STATE_DIRECTORY="{root}/given"
    ),
    "a runtime directory is the daemon's affair": case(
        "", NAMED, kitchen="store", state="data", RUNTIME_DIRECTORY="{root}/run/likelight"
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def laid_out(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Case:
    one: Case = request.param
    for name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    for name, value in one.environment.items():
        monkeypatch.setenv(name, value.format(root=tmp_path))
    for name, content in one.files.items():
        file = tmp_path / name
        (file if name.endswith("/") else file.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            file.write_text(content.format(root=tmp_path))
    monkeypatch.chdir(tmp_path)
    return one


def found(says: str, root: Path) -> Target:
    option, _, value = says.partition(" ")
    return find_target(
        Path(value) if option == "--config" else None,
        Path(value) if option == "--state-dir" else None,
        Places(root / "etc/likelight.toml", root / "var/likelight", root / "run/likelight"),
    )


def test_which_device_a_command_means(laid_out: Case, tmp_path: Path) -> None:
    target = found(laid_out.says, tmp_path)
    assert (
        target.config.kitchen.id,
        target.config.state_dir,
        target.socket,
    ) == (laid_out.kitchen, tmp_path / laid_out.state_dir, tmp_path / laid_out.socket)


def test_a_file_that_is_not_there_starts_no_demo(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no configuration at"):
        found("--config gone.toml", tmp_path)


COMMANDS = (
    "camera preview --out a.png",
    "consent record --signed-by A --notice 1 --review 2027-01-01",
    "consent withdraw",
    "consent show",
    "lights test",
    "lights play felt",
    "lights off",
    "lights on",
    "queue pause",
    "queue skip",
    "selftest",
    "doctor",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_about_a_device_takes_the_same_options_and_says_the_rule(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main([*command.split(), "--config", os.devnull, "--state-dir", "there"])
    assert "not allowed with argument --config" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main([*command.split()[:2], "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert (
        "Without either option: the device with /etc/likelight/likelight.toml, where that exists, "
        "else the demo. Without state_dir, a configuration means /var/lib/likelight where that "
        "exists." in told
    )


def test_only_without_a_configuration_is_it_the_demo(tmp_path: Path) -> None:
    file = tmp_path / "likelight.toml"
    file.write_text(f'state_dir = "{tmp_path}"\n')
    places = Places(default_file=tmp_path / "none")
    assert find_target(None, tmp_path, places).demo
    assert not find_target(file, None, places).demo
    assert not find_target(None, None, replace(places, default_file=file)).demo
