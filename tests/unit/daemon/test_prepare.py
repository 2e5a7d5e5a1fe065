"""What the daemon leaves behind before it opens its hardware."""

import socket
from pathlib import Path

import pytest

from likelight.config.opened_lights import read_opened_lights
from likelight.config.settings import Config
from likelight.daemon.prepare import prepare

LAMP = {"driver": "pwm", "pin": 12, "active_low": True}
LIGHT = {"driver": "onoff", "pin": 23}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    token = tmp_path / "token"
    token.write_text("secret")
    token.chmod(0o600)
    return Config.model_validate(
        {
            "board": "pi-4",
            "lights": [LAMP],
            "indicator": LIGHT,
            "cloud": {"url": "https://cloud.example", "token_file": token},
            "state_dir": tmp_path,
        }
    )


def test_the_lights_that_will_be_opened_are_written_down(config: Config, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with socket.socket() as listener:
        prepare(config, listener)
    lights = read_opened_lights(tmp_path / "run")
    assert lights is not None
    (lamp,) = lights.lamps
    assert (lamp.driver, lamp.pin, lamp.active_low) == ("pwm", 12, True)
    assert (lights.indicator.driver, lights.indicator.pin) == ("onoff", 23)


def test_a_full_disk_keeps_no_daemon_from_starting(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    """The runtime directory is missing, so writing fails as it does on a full disk."""
    with socket.socket() as listener:
        prepare(config, listener)
    assert "Can't write down which lights are opened" in caplog.text
