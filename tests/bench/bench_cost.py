"""What a viewer, a frame and the daemon cost: ratios and bounds, all from one run.

H.264 over WebSocket against our own MJPEG, alternating, with all viewers in a process of its own:
most only drain their sockets, 20 measure the age of what they get; see `drain` for what is kept
out of the server's bill. Then the time to make a
fragment, and the daemon's memory, as a process that somebody starts.

bench_peer.py holds MJPEG against a peer's.
"""

import argparse
import asyncio
import multiprocessing
import multiprocessing.connection
import os
import socket
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench_fanout import (
    FPS,
    UNITS,
    UPGRADE,
    next_message,
    next_part,
    now_us,
    percentile,
    serve,
)

from likelight.feed import annexb
from likelight.feed.fmp4 import Timeline, fragment
from likelight.feed.framing import binary_message
from support.demo import command, demo, free_port
from support.unit import environment

MEASURING = 20
MEMORY_VIEWERS = 100
STARTED_S = 8.0
"""Every part runs by then, and the panel has shown what there is to say."""


def join(port: int, request: bytes) -> socket.socket:
    """Connect a viewer and let it ask."""
    viewer = socket.create_connection(("127.0.0.1", port))
    viewer.sendall(request)
    viewer.setblocking(False)
    return viewer


async def drain(viewers: list[socket.socket]) -> None:
    """Empty the viewers' sockets every 10 ms, without ever waiting for one to be readable.

    On loopback, waking a reader who waits is paid for by the writer, 2 to 5 us a frame, whatever
    its size. Viewers elsewhere cost their server no such thing.
    """
    nowhere = bytearray(1 << 20)
    while True:
        for viewer in viewers:
            # MSG_TRUNC drops what has come without a copy, tcp(7).
            with suppress(BlockingIOError):
                viewer.recv_into(nowhere, len(nowhere), socket.MSG_TRUNC)
        await asyncio.sleep(0.010)


def watch(
    pipe: multiprocessing.connection.Connection, port: int, path: str, viewers: int, jpeg: bool
) -> None:
    """Be all viewers: say when all are in, then measure for the asked time."""

    async def main() -> None:
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n".encode()
        request += (b"" if jpeg else UPGRADE) + b"\r\n"
        ages: list[float] = []
        counting = False

        async def view() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
            writer.write(request)
            await reader.readuntil(b"\r\n\r\n")
            while True:
                captured_us = await (next_part if jpeg else next_message)(reader)
                if counting and captured_us:
                    ages.append((now_us() - captured_us) / 1000)

        drained = [join(port, request) for _ in range(viewers - MEASURING)]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(view()) for _ in range(MEASURING)]
            tasks.append(group.create_task(drain(drained)))
            pipe.send("ready")
            seconds = await asyncio.to_thread(pipe.recv)
            counting = True
            await asyncio.sleep(seconds)
            counting = False
            pipe.send(ages)
            for task in tasks:
                task.cancel()

    asyncio.run(main())


def run_round(jpeg: bool, viewers: int, seconds: float) -> tuple[float, list[float]]:
    """Return the server's CPU in microseconds a viewer and second, and the ages in ms."""
    context = multiprocessing.get_context("spawn")
    server_pipe, server_end = context.Pipe()
    client_pipe, client_end = context.Pipe()
    server = context.Process(target=serve, args=(server_end, "hub", jpeg), daemon=True)
    server.start()
    port = server_pipe.recv()
    path = "/k/demo/stream.mjpg" if jpeg else "/k/demo/ws"
    audience = (client_end, port, path, viewers, jpeg)
    client = context.Process(target=watch, args=audience, daemon=True)
    client.start()
    try:
        assert client_pipe.recv() == "ready"
        time.sleep(2.0)  # the joins' bursts pass
        server_pipe.send("begin")
        _, before = server_pipe.recv()
        client_pipe.send(seconds)
        ages = client_pipe.recv()
        server_pipe.send("end")
        _, after = server_pipe.recv()
    finally:
        client.kill()
        server.kill()
        client.join()
        server.join()
    return (after - before) * 1e6 / viewers / seconds, ages


def fan_out(viewers: int, rounds: int, seconds: float) -> None:
    cost: dict[bool, list[float]] = {False: [], True: []}
    ages: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for jpeg in (False, True):
            spent, aged = run_round(jpeg, viewers, seconds)
            cost[jpeg].append(spent)
            ages[jpeg] += aged
    for jpeg, name in ((False, "H.264"), (True, "MJPEG")):
        rate = len(ages[jpeg]) / MEASURING / seconds / rounds
        p50, p99 = (percentile(ages[jpeg], share) for share in (0.5, 0.99))
        print(
            f"{name} {viewers} viewers: {statistics.median(cost[jpeg]):.0f} us/viewer-s,"
            f" age p50 {p50:.1f} ms, p99 {p99:.1f} ms, {rate:.1f} fps"
        )
    ratio = statistics.median(cost[False]) / statistics.median(cost[True])
    print(f"H.264 over WebSocket costs {ratio:.2f} of MJPEG")


def mux() -> None:
    """Time what the hub does to an access unit before it is shared by all viewers."""
    timeline = Timeline()
    count = 100 * FPS
    began = time.process_time()
    for number in range(count):
        unit = UNITS[number % FPS]
        _, units = annexb.parse(unit.data)
        at, duration = timeline.place(1_000_000 + number * 1_000_000 // FPS, FPS)
        binary_message(
            fragment(
                units,
                sequence=number + 1,
                decode=at,
                duration=duration,
                keyframe=unit.keyframe,
                captured_us=number,
            )
        )
    print(f"muxing: {(time.process_time() - began) / count * 1e6:.1f} us a frame")


def resident_kib(pid: int) -> int:
    return (
        int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    )


async def memory_of_unit(folder: Path) -> None:
    """Read the resident memory of `likelight run` as systemd starts it, while no cloud answers."""
    config, token = folder / "likelight.toml", folder / "token"
    token.touch(mode=0o600)
    token.write_text("nobody-will-ever-ask-for-this-token")
    config.write_text(
        f'state_dir = "{folder / "state"}"\n'
        f'[kitchen]\nname = "Bench"\n'
        f"[web]\nport = {free_port()}\n"
        f'[cloud]\nurl = "https://127.0.0.1:9"\ntoken_file = "{token}"\n'
    )
    nowhere = asyncio.subprocess.DEVNULL
    daemon = await asyncio.create_subprocess_exec(
        *command("run", "--config", str(config)),
        env=environment(),
        stdout=nowhere,
        stderr=nowhere,
    )
    await asyncio.sleep(STARTED_S)
    resident = resident_kib(daemon.pid)
    daemon.terminate()
    assert await daemon.wait() == 0
    print(f"likelight run, as its unit has it: {resident / 1024:.1f} MiB after {STARTED_S:g} s")


async def memory() -> None:
    """Read the daemon's resident memory at its start, and with viewers."""
    with tempfile.TemporaryDirectory() as folder:
        await memory_of_unit(Path(folder))
    with tempfile.TemporaryDirectory() as state_dir:
        async with demo(Path(state_dir)) as running:
            pid, port = running.process.pid, int(running.url.rpartition(":")[2])
            print(
                f"daemon at start: {resident_kib(pid) / 1024:.1f} MiB without the camera's process"
            )
            request = b"GET /k/demo/ws HTTP/1.1\r\nHost: localhost\r\n" + UPGRADE + b"\r\n"
            drained: list[socket.socket] = []
            async with asyncio.TaskGroup() as group:
                draining = group.create_task(drain(drained))
                resident = []
                for count in (10, MEMORY_VIEWERS):
                    drained += [join(port, request) for _ in range(count)]
                    await asyncio.sleep(4)
                    resident.append(resident_kib(pid))
                draining.cancel()
            few, many = resident
            print(f"daemon with viewers: {(many - few) / MEMORY_VIEWERS:.1f} KiB each")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4.0, help="measured in each round")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, shared by server and viewers")
    mux()
    asyncio.run(memory())
    fan_out(options.viewers, options.rounds, options.seconds)


if __name__ == "__main__":
    main()
