"""`likelight lights` and `likelight queue` as a person types them, with a daemon and without."""

import asyncio
import signal
from pathlib import Path

import pytest

from likelight.appreciation.lamp.effects import EFFECTS
from likelight.web.control.client import call
from likelight.web.control.messages import StatusAnswer
from support.demo import command, demo
from support.waiting import WITHIN_S


async def ended(*arguments: str, seconds: float = 30) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command(*arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(seconds):
        out, err = await process.communicate()
    assert process.returncode is not None
    assert b"Traceback" not in err, err.decode()
    return process.returncode, out.decode(), err.decode()


async def test_commands_reach_a_running_daemon_and_nobody_else_can(tmp_path: Path) -> None:
    path, here = tmp_path / "control.sock", ("--state-dir", str(tmp_path))
    async with demo(tmp_path) as running:
        for url in ("/lights/test", "/lights/off", "/queue/pause", "/notes/test", "/status"):
            async with running.client.post(running.url + url, json={}) as reply:
                assert reply.status == 404, f"{url} can be reached over the network"

        code, out, _ = await ended("lights", "play", "felt", *here)
        assert code == 0
        assert "SIMULATED" in out
        assert EFFECTS["felt"].means in out
        code, out, _ = await ended("queue", "mute", *here)
        assert (code, out.startswith("Muted until")) == (0, True)
        status = await asyncio.to_thread(call, path, "GET", "/status", StatusAnswer)
        assert (status.kitchen, status.holds) == ("demo", ("muted",))
        code, _, err = await ended("lights", "test", *here)
        assert code == 69
        assert err == "likelight: The lamp is muted. End that first: `likelight queue unmute`\n"

        # Two hands on one lamp: what holds a second daemon off holds a command off, too.
        await asyncio.to_thread(path.unlink)
        code, _, err = await ended("lights", "play", "felt", *here)
        assert code == 2
        assert "another likelight uses the state directory" in err
    assert not await asyncio.to_thread(path.exists)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_a_test_of_the_lamp_in_order(
    tmp_path: Path, ending: signal.Signals
) -> None:
    process = await asyncio.create_subprocess_exec(
        *command("lights", "test", "--state-dir", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        await process.stdout.readuntil(EFFECTS["test"].means.encode())
        process.send_signal(ending)
        _, err = await process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in err
