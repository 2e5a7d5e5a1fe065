"""`likelight selftest` and `likelight doctor`, as an installer of a kitchen types them."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from likelight.cli.main import main
from likelight.config.state_dir import is_new
from likelight.fleet.doctor.checks import CHECKS
from support.demo import command, demo, free_port
from support.waiting import WITHIN_S

README = Path(__file__).parents[3] / "README.md"


async def ended(*arguments: str, seconds: float = 60) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command(*arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(seconds):
        out, err = await process.communicate()
    assert process.returncode is not None
    assert b"Traceback" not in err, err.decode()
    return process.returncode, out.decode(), err.decode()


def written_config(tmp_path: Path) -> Path:
    """Write the README's own configuration, on a free port and in a directory of the test's."""
    written = README.read_text(encoding="utf-8").split("<!-- config -->\n```toml\n")[1]
    toml = written.split("```")[0].replace("/var/lib/likelight", str(tmp_path / "state"))
    file = tmp_path / "likelight.toml"
    file.write_text(toml.replace("port = 8080", f"port = {free_port()}"))
    return file


async def test_the_simulated_kitchen_tests_itself_unattended(tmp_path: Path) -> None:
    config = str(written_config(tmp_path))
    code, out, err = await ended("selftest", "--unattended", "--config", config)
    assert (code, err) == (0, ""), out
    assert "SIMULATED: lamp, on-air light, panel, THANKS, PRIVACY, camera." in out
    report = json.loads((tmp_path / "state" / "selftest.json").read_text())
    assert report["result"] == "passed"
    assert report["simulated"] == ["Panel", "Buttons", "Lamp", "On-air light", "Camera"]
    assert [step["verdict"] for step in report["steps"]] == ["passed"] * 8
    assert "100%" in report["steps"][2]["words"], "the lamp did not rise"
    text = (tmp_path / "state" / "selftest.txt").read_text()
    assert "PASSED    Camera: 1280 x 720" in text
    # The first consent to a real camera begins shared on a new device: this one is new still.
    assert await asyncio.to_thread(is_new, tmp_path / "state")

    # What it leaves behind is what a daemon begins with.
    code, out, _ = await ended("doctor", "--json", "--config", config)
    diagnosis = json.loads(out)
    failed = [one for one in diagnosis["checks"] if one["result"] == "fail"]
    assert (code, failed) == (0, [])
    assert [one["id"] for one in diagnosis["checks"]] == [check.id for check in CHECKS]


async def test_it_leaves_a_running_daemon_its_hardware(tmp_path: Path) -> None:
    async with demo(tmp_path):
        code, out, err = await ended("selftest", "--unattended", "--state-dir", str(tmp_path))
        _, told, _ = await ended("doctor", "--json", "--state-dir", str(tmp_path))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "sudo systemctl stop likelight" in err
    daemon = next(one for one in json.loads(told)["checks"] if one["id"] == "daemon")
    assert (daemon["result"], daemon["found"]) == ("ok", "demo: cloud connected")


async def test_keys_answer_and_ctrl_c_leaves_no_lamp_on(tmp_path: Path) -> None:
    """The LED chains of a Pi 5 are files that are written to, so files can stand in for them."""
    chains = [tmp_path / "leds0", tmp_path / "leds1"]
    config = tmp_path / "likelight.toml"
    lamp = '[[lights]]\ndriver = "ws2812-pio"\nleds = 8\npin = {}\ndevice = "{}"\n'
    config.write_text(
        f'state_dir = "{tmp_path / "state"}"\nboard = "pi-5"\n'
        + "".join(lamp.format(*wired) for wired in zip((18, 19), chains, strict=True))
    )
    for chain in chains:
        chain.touch()
    process = await asyncio.create_subprocess_exec(
        *command("selftest", "--config", str(config)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        said = await process.stdout.readuntil(b"Lamp 1 of 2 glows red, green, blue")
        assert b"SIMULATED: on-air light, panel, THANKS, PRIVACY, camera." in said
        while not any(chains[0].read_bytes()):
            await asyncio.sleep(0.02)
        process.stdin.write(b"y\n")
        await process.stdout.readuntil(b"Lamp 2 of 2 glows")
        while not any(chains[1].read_bytes()):
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert (process.returncode, err) == (130, b"")
    assert b"everything is switched off" in out
    assert not any(chains[0].read_bytes() + chains[1].read_bytes()), "a lamp is still on"
    assert not (tmp_path / "state" / "selftest.json").exists()


def test_what_can_t_be_done_is_reported_before_the_first_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ("--state-dir", str(tmp_path / "state"))
    asked: dict[str, tuple[str, ...]] = {
        "nobody can answer here": (),
        "is not a directory to write to": (
            "--unattended",
            "--report",
            str(tmp_path / "no" / "a.json"),
        ),
        "the text beside it ends with .txt": ("--unattended", "--report", str(tmp_path / "a.txt")),
    }
    for words, arguments in asked.items():
        assert main(["selftest", *arguments, *here]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "state").exists()
