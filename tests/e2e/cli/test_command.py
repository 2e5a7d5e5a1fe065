"""`likelight demo` and `run` as a person starts them: what they print, and how they end."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from likelight.config.opened_lights import read_opened_lights
from support.busy import BUSY
from support.demo import command, demo, free_port
from support.waiting import WITHIN_S


async def ended(*arguments: str, seconds: float = 30) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command(*arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(seconds):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = [line.split() for line in listed.stdout.splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == pid]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_it_gets_ready_and_does_not_hang_in_its_start(tmp_path: Path) -> None:
    began = time.monotonic()
    async with demo(tmp_path) as running:
        async with running.client.get(running.url + "/readyz") as ready:
            assert ready.status == 200
        assert time.monotonic() - began < BUSY * 3


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_it_cleanly_with_no_process_left(
    tmp_path: Path, ending: signal.Signals
) -> None:
    async with demo(tmp_path) as running:
        children = children_of(running.process.pid)
        assert children, "the camera lives in a process of its own"
        running.process.send_signal(ending)
        async with asyncio.timeout(WITHIN_S):
            assert await running.process.wait() == 0
        assert not [child for child in children if alive(child)]


async def test_it_ends_by_itself_when_asked_to(tmp_path: Path) -> None:
    code, out, _ = await ended(
        "demo", "--no-browser", "--port", str(free_port()), "--state-dir", str(tmp_path),
        "--for", "0.5",
    )  # fmt: skip
    assert code == 0
    assert "/k/demo" in out


async def test_it_needs_neither_stdin_nor_stdout(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", 'exec "$@" <&- >&-', "sh",
        *command("demo", "--no-browser", "--port", str(free_port()), "--for", "0.1"),
        "--state-dir", str(tmp_path),
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(WITHIN_S):
        _, err = await process.communicate()
    assert process.returncode == 0, err.decode()


def full_pipe() -> tuple[int, int]:
    """Return both ends of a pipe that takes not one byte more: nobody reads it."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    for size in (4096, 1):
        try:
            while True:
                os.write(writes, b" " * size)
        except BlockingIOError:
            pass
    os.set_blocking(writes, True)
    return reads, writes


async def test_a_stderr_that_nobody_reads_delays_neither_life_nor_end(tmp_path: Path) -> None:
    """As under a supervisor whose log reader hangs: a SIGTERM ends it within 10 s all the same."""
    port = free_port()
    reads, writes = full_pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *command("demo", "--no-browser", "--port", str(port), "--state-dir", str(tmp_path)),
            stdout=asyncio.subprocess.PIPE,
            stderr=writes,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(WITHIN_S):
                await process.stdout.readuntil(f":{port}/bench".encode())
            async with (
                aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client,
                client.get("/readyz") as ready,
            ):
                assert ready.status == 200
            children = children_of(process.pid)
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(10):
                assert await process.wait() == 0
            assert not [child for child in children if alive(child)]
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    finally:
        os.close(reads)
        os.close(writes)


async def test_a_stdout_that_nobody_reads_delays_neither_life_nor_end(tmp_path: Path) -> None:
    place = ("--port", str(free_port()), "--state-dir", str(tmp_path))
    reads, writes = full_pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *command("demo", "--no-browser", *place, "--for", "1"),
            stdout=writes,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(WITHIN_S):
                assert await process.wait() == 0, "it ends by itself, a second after it was ready"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    finally:
        os.close(reads)
        os.close(writes)


STUCK_AT_START = """
import asyncio, sys
from likelight.cli.main import main
from likelight.daemon import app

async def probe(config):
    print("probing", flush=True)
    await asyncio.Event().wait()

app.probe = probe
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_a_start_that_hangs(tmp_path: Path, ending: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STUCK_AT_START,
        "demo", "--no-browser", "--port", str(free_port()), "--state-dir", str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        await process.stdout.readuntil(b"probing")
        process.send_signal(ending)
        _, err = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in err


async def test_a_port_in_use(tmp_path: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        code, _, err = await ended(
            "demo", "--no-browser", "--port", str(port), "--state-dir", str(tmp_path)
        )
    assert code == 2
    assert one_line(err).startswith(
        f"likelight: port {port} is in use by another program. "
        f"Choose another: web.port = {port + 1} in the configuration"
    )


async def test_a_state_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    code, _, err = await ended(
        "demo", "--no-browser", "--port", str(free_port()),
        "--state-dir", str(tmp_path / "file" / "state"),
    )  # fmt: skip
    assert code == 2
    assert "can't write to the state directory" in one_line(err)
    assert "state_dir in the configuration, or --state-dir for the demo" in err


async def test_a_state_directory_that_another_daemon_holds(tmp_path: Path) -> None:
    async with demo(tmp_path):
        code, _, err = await ended(
            "demo", "--no-browser", "--port", str(free_port()), "--state-dir", str(tmp_path)
        )
    assert code == 2
    assert "another likelight uses the state directory" in one_line(err)
    assert "state_dir in the configuration, or --state-dir for the demo" in err


@pytest.mark.parametrize("content", [None, b"this is not a video"])
async def test_a_video_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    clip = tmp_path / "clip.mp4"
    if content is not None:
        clip.write_bytes(content)
    code, _, err = await ended(
        "demo", "--no-browser", "--port", str(free_port()),
        "--state-dir", str(tmp_path / "state"), "--camera", f"file:{clip}",
    )  # fmt: skip
    assert code == 2
    assert str(clip) in one_line(err)


async def test_any_video_file_can_be_the_camera(tmp_path: Path, clips: Path) -> None:
    clip = f"file:{clips / 'bigbuckbunny.mp4'}"
    async with (
        demo(tmp_path, "--camera", clip) as running,
        running.client.ws_connect(f"{running.url}/k/demo/ws", max_msg_size=0) as viewer,
    ):
        texts, fragments = "", 0
        async with asyncio.timeout(WITHIN_S):
            while '"live"' not in texts or fragments < 30:
                message = await viewer.receive()
                if message.type is aiohttp.WSMsgType.TEXT:
                    texts += message.data
                else:
                    fragments += '"live"' in texts
        assert '"width":1280' in texts
        assert (await running.summary())["simulated"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo", "--camera", "usb"],
        ["demo", "--port", "0"],
        ["demo", "--for", "soon"],
        ["run", "--config", "/nonexistent/likelight.toml"],
        [],
    ],
)
async def test_a_wrong_option_is_reported_and_ends_with_two(arguments: list[str]) -> None:
    code, _, err = await ended(*arguments)
    assert code == 2
    assert "likelight" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"], ["run", "--help"]])
async def test_help_is_printed_and_ends_with_zero(arguments: list[str]) -> None:
    code, out, _ = await ended(*arguments)
    assert code == 0
    assert out.startswith("usage: likelight")


async def test_run_does_what_the_demo_does_without_the_bench(tmp_path: Path) -> None:
    """The README's own configuration, on a free port and in a directory of the test's."""
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    written = readme.split("<!-- config -->\n```toml\n")[1].split("```")[0]
    port = free_port()
    config = tmp_path / "likelight.toml"
    config.write_text(
        written.replace("/var/lib/likelight", str(tmp_path / "state"))
        .replace("8080", str(port))
        .replace("0.0.0.0", "127.0.0.1"),
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        *command("run", "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(WITHIN_S):
            assert f":{port}/k/demo".encode() in await process.stdout.readuntil(b"/k/demo")
        opened = await asyncio.to_thread(read_opened_lights, tmp_path / "state")
        assert opened is not None
        assert [lamp.driver for lamp in opened.lamps] == ["sim"]
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            for path, status in {"/readyz": 200, "/k/demo": 200, "/bench": 404}.items():
                async with client.get(path) as reply:
                    assert (path, reply.status) == (path, status)
            async with client.ws_connect("/k/demo/ws") as viewer:
                async with asyncio.timeout(WITHIN_S):
                    while (await viewer.receive()).type is not aiohttp.WSMsgType.BINARY:
                        pass
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN_S):
            assert await process.wait() == 0


async def test_a_real_camera_that_is_unplugged_keeps_nothing_else_from_starting(
    tmp_path: Path,
) -> None:
    port = free_port()
    config = tmp_path / "likelight.toml"
    config.write_text(
        f"""
        state_dir = "{tmp_path / "state"}"
        web = {{ host = "127.0.0.1", port = {port} }}
        camera = {{ driver = "usb", device = "{tmp_path / "unplugged"}" }}
        """,
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        *command("run", "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            assert b"/k/" in await process.stdout.readline()
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            async with client.get("/healthz") as reply:
                health = await reply.json()
        assert (health["status"], health["kitchen"]) == ("degraded", "kitchen")
        assert "camera" in health["reasons"]
        assert "lamp" not in health["reasons"]
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN_S):
            assert await process.wait() == 0


def test_the_version_is_that_of_the_package() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "likelight", "--version"], capture_output=True, text=True
    )
    assert done.stdout.split()[:2] == ["likelight", "0.1.0"]


def test_ctrl_c_while_python_still_imports_is_quiet() -> None:
    impatient = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "likelight.cli.main":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
from likelight.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", impatient], capture_output=True, timeout=100)
    assert (done.returncode, done.stderr) == (130, b"")
