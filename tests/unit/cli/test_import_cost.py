"""A quick command, and one that only reads a configuration, loads no heavy library."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "PIL",
    "aiohttp",
    "av",
    "gpiozero",
    "lgpio",
    "libcamera",
    "luma",
    "numpy",
    "picamera2",
    "prometheus_client",
    "segno",
    "smbus2",
    "spidev",
    "sqlite3",
}
DRIVERS = ("likelight_hw.camera", "likelight_hw.rpi", "likelight_hw.sim")

SCRIPT = """
import contextlib, io, json, sys

with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    {asked}
print(json.dumps(sorted(sys.modules)))
"""
COMMAND = """
    sys.argv = {argv}
    from likelight.__main__ import main
    try:
        main()
    except SystemExit:
        pass
    else:
        raise AssertionError("it ran")
"""


def loaded_after(asked: str) -> list[str]:
    """Return the names of the modules that a fresh Python has loaded after `asked`."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(asked=asked.strip())],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    names: list[str] = json.loads(ended.stdout)
    return names


def heavy(modules: list[str]) -> list[str]:
    return [name for name in modules if name.partition(".")[0] in HEAVY or name.startswith(DRIVERS)]


def test_reading_a_configuration_loads_no_network_no_picture_and_no_driver() -> None:
    modules = loaded_after("import likelight.config, likelight.config.settings")
    assert "likelight.config.settings" in modules
    assert heavy(modules) == []
    assert "asyncio" not in modules


@pytest.mark.parametrize(
    "words",
    [
        "--help",
        "demo --help",
        "run --help",
        "camera preview --help",
        "consent record --help",
        "lights --help",
        "queue skip --help",
        "notes check --help",
        "selftest --help",
        "doctor --help",
        "run --prot 1",
    ],
)
def test_help_and_a_wrong_option_load_no_network_no_picture_and_no_driver(words: str) -> None:
    modules = loaded_after(COMMAND.format(argv=["likelight", *words.split()]))
    assert "likelight.cli.main" in modules
    assert heavy(modules) == []
    assert "likelight.daemon.app" not in modules
    assert "pydantic" not in modules
    assert "asyncio" not in modules
