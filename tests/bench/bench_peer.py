"""What an MJPEG viewer costs here and with ustreamer, on the same JPEG, in the same run.

ustreamer (Debian's) passes on what its camera delivers, `--encoder=HW`; its camera is
support/fake_camera.c, which costs it one copy of 33 KB a frame, 0.02 % of its bill at 500 viewers.
Rounds alternate; the bill is the CPU time of the whole process, from /proc.
"""

import argparse
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench_cost import MEASURING, watch
from bench_fanout import FPS, PICTURE, serve

from support.fake_camera import build, environment

START_WITHIN_S = 10.0


@contextmanager
def ours(_: Path) -> Iterator[tuple[int, int, str]]:
    """Run the hub; yield its process id, port and path."""
    context = multiprocessing.get_context("spawn")
    pipe, end = context.Pipe()
    server = context.Process(target=serve, args=(end, "hub", True), daemon=True)
    server.start()
    try:
        port = pipe.recv()
        assert server.pid is not None
        yield server.pid, port, "/k/demo/stream.mjpg"
    finally:
        server.kill()
        server.join()


@contextmanager
def ustreamer(folder: Path) -> Iterator[tuple[int, int, str]]:
    """Run the peer on its fake camera; yield its process id, port and path."""
    picture = folder / "picture.jpg"
    picture.write_bytes(PICTURE)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["ustreamer", f"--device={picture}", "--format=MJPEG", "--encoder=HW"]
    command += ["--resolution=1280x720", f"--desired-fps={FPS}", "--tcp-nodelay"]
    command += ["--host=127.0.0.1", f"--port={port}"]
    preload = environment(build(folder), picture, FPS)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, env=os.environ | preload, **quiet)
    try:
        until = time.monotonic() + START_WITHIN_S
        while True:
            with suppress(OSError):
                url = f"http://127.0.0.1:{port}/snapshot"
                with urllib.request.urlopen(url, timeout=1) as answer:
                    if answer.read() == PICTURE:
                        break
            if time.monotonic() > until:
                raise TimeoutError("ustreamer does not show the camera's picture")
            time.sleep(0.1)
        yield server.pid, port, "/stream"
    finally:
        server.kill()
        server.wait()


def cpu_s(pid: int) -> float:
    """Return the CPU seconds that a process has used so far, proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_round(pid: int, port: int, path: str, viewers: int, seconds: float) -> tuple[float, float]:
    """Return the CPU in microseconds a viewer and second, and the frames a second."""
    context = multiprocessing.get_context("spawn")
    pipe, end = context.Pipe()
    client = context.Process(target=watch, args=(end, port, path, viewers, True), daemon=True)
    client.start()
    try:
        assert pipe.recv() == "ready"
        time.sleep(2.0)  # the joins' bursts pass
        before = cpu_s(pid)
        pipe.send(seconds)
        frames = len(pipe.recv())
        after = cpu_s(pid)
    finally:
        client.kill()
        client.join()
    return (after - before) * 1e6 / viewers / seconds, frames / MEASURING / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="measured in each round")
    options = parser.parse_args()
    if not (shutil.which("ustreamer") and shutil.which("cc")):
        sys.exit("This needs ustreamer (Debian: apt install ustreamer) and a C compiler.")
    servers = {"likelight": ours, "ustreamer": ustreamer}
    cost: dict[str, list[float]] = {name: [] for name in servers}
    rate: dict[str, list[float]] = {name: [] for name in servers}
    print(f"{os.cpu_count()} cores, shared by server and viewers; {len(PICTURE)} bytes a picture")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for name, start in servers.items():
                with start(Path(folder)) as (pid, port, path):
                    spent, fps = run_round(pid, port, path, options.viewers, options.seconds)
                cost[name].append(spent)
                rate[name].append(fps)
    for name in servers:
        spread = ", ".join(f"{spent:.0f}" for spent in cost[name])
        print(
            f"{name} {options.viewers} viewers: {statistics.median(cost[name]):.0f} us/viewer-s"
            f" ({spread}), {statistics.median(rate[name]):.1f} fps"
        )
    ratio = statistics.median(cost["likelight"]) / statistics.median(cost["ustreamer"])
    print(f"MJPEG costs {ratio:.2f} of ustreamer's")


if __name__ == "__main__":
    main()
