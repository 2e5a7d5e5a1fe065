"""`likelight selftest` and `likelight doctor`, as whoever installs a kitchen types them."""

import asyncio
import json
import os
import signal
from pathlib import Path

from likelight.fleet.checks import CHECKS
from support.demo import command, demo, free_port

README = Path(__file__).parents[2] / "README.md"


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
    assert [step["verdict"] for step in report["steps"]] == ["passed"] * 7
    assert "100%" in report["steps"][2]["words"], "the lamp did not rise"
    text = (tmp_path / "state" / "selftest.txt").read_text()
    assert "PASSED    Camera: 1280 x 720" in text
    token = (tmp_path / "state" / "device.token").read_text().strip()
    assert token not in json.dumps(report) + text + out

    # What it leaves behind is what a daemon begins with.
    code, out, _ = await ended("doctor", "--json", "--config", config)
    diagnosis = json.loads(out)
    failed = [one for one in diagnosis["checks"] if one["result"] == "fail"]
    assert (code, failed) == (0, [])
    assert [one["id"] for one in diagnosis["checks"]] == [check.id for check in CHECKS]


async def test_it_leaves_a_running_daemon_its_hardware(tmp_path: Path) -> None:
    async with demo(tmp_path):
        code, out, err = await ended("selftest", "--unattended", "--state-dir", str(tmp_path))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "sudo systemctl stop likelight" in err


async def test_ctrl_c_ends_it_with_everything_off(tmp_path: Path) -> None:
    keys, typed = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *command("selftest", "--state-dir", str(tmp_path)),
        stdin=keys,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(keys)
    assert process.stdout is not None
    async with asyncio.timeout(30):
        await process.stdout.readuntil(b"3/7")
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    os.close(typed)
    assert (process.returncode, err) == (130, b"")
    assert b"everything is switched off" in out
    assert not (tmp_path / "selftest.json").exists()


async def test_what_can_t_be_done_is_told_before_the_walk(tmp_path: Path) -> None:
    here = ("--state-dir", str(tmp_path))
    code, _, err = await ended("selftest", *here)
    assert (code, "nobody can answer here" in err) == (2, True)
    nowhere = tmp_path / "no" / "report.json"
    code, _, err = await ended("selftest", "--unattended", "--report", str(nowhere), *here)
    assert (code, "no directory to write to" in err) == (2, True)
