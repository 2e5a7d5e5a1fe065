"""What a viewer costs: the hub against the naive aiohttp way, in the same run.

The server runs in a process of its own, and so do the viewers. Both ways send the same frames,
720p30 at 2 Mbit/s as H.264 and 8 Mbit/s as MJPEG; the naive way awaits `ws.send_bytes` or
`StreamResponse.write` for each viewer and each frame. Rounds alternate, because on a busy machine
only figures of one run compare. The last rows have one viewer more, who is deaf: it reads nothing.
"""

import argparse
import asyncio
import multiprocessing
import multiprocessing.connection
import os
import socket
import statistics
import struct
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

sys.path.insert(0, str(Path(__file__).parents[1]))

from likelight.contract import State
from likelight.feed import annexb
from likelight.feed.fmp4 import Timeline, fragment
from likelight.feed.hub import Hub
from likelight.feed.routes import feed_routes
from likelight.web.http.server import new_application

FPS = 30
DELTA_BYTES, KEY_BYTES, JPEG_BYTES = 7_000, 30_000, 33_000

# Baseline, 1280x720; nobody decodes here, the hub only wants to see them.
SPS, PPS = bytes.fromhex("6742c01fd900a0005b20000003"), bytes.fromhex("68cb83cb20")


def now_us() -> int:
    return time.time_ns() // 1000


def access_unit(keyframe: bool) -> bytes:
    code = b"\0\0\0\1"
    if keyframe:
        return code + SPS + code + PPS + code + b"\x65" + b"\xaa" * KEY_BYTES
    return code + b"\x61" + b"\xaa" * DELTA_BYTES


@dataclass(frozen=True)
class Frame:
    data: bytes
    keyframe: bool


UNITS = [Frame(access_unit(number == 0), number == 0) for number in range(FPS)]
# Nobody decodes this one, either; a peer looks for the marker of a Huffman table.
PICTURE = b"\xff\xd8\xff\xc4" + b"\xaa" * (JPEG_BYTES - 6) + b"\xff\xd9"

Push = Callable[[Frame], Awaitable[None]]


def hub_way(jpeg: bool) -> tuple[list[web.RouteDef], Push]:
    """The product: one hub."""
    hub = Hub(now_us=now_us, on_demand=lambda demand: None)
    hub.set_format(1280, 720, FPS)
    hub.show(State.LIVE)

    async def push(frame: Frame) -> None:
        if jpeg:
            hub.publish_jpeg(PICTURE, captured_us=now_us())
        else:
            hub.publish(frame.data, keyframe=frame.keyframe, captured_us=now_us())

    return feed_routes({"demo": hub}.get), push


def naive_way(jpeg: bool) -> tuple[list[web.RouteDef], Push]:
    """What one writes first: a list of responses, and an await for each of them."""
    sockets: set[web.WebSocketResponse] = set()
    streams: set[web.StreamResponse] = set()
    timeline = Timeline()
    sequence = 0

    async def socket(request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        sockets.add(ws)
        async for _ in ws:
            pass
        sockets.discard(ws)
        return ws

    async def multipart(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_type = "multipart/x-mixed-replace; boundary=frame"
        await response.prepare(request)
        streams.add(response)
        while response in streams:
            await asyncio.sleep(1)
        return response

    async def push(frame: Frame) -> None:
        nonlocal sequence
        captured_us = now_us()
        if jpeg:
            head = (
                f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(PICTURE)}\r\n"
                f"X-Timestamp: {captured_us / 1e6:.6f}\r\n\r\n"
            )
            part = head.encode() + PICTURE + b"\r\n"
            for response in list(streams):
                try:
                    await response.write(part)
                except ConnectionError:
                    streams.discard(response)
            return
        sequence += 1
        begin, duration = timeline.place(captured_us, FPS)
        data = fragment(
            annexb.parse(frame.data)[1],
            sequence=sequence,
            decode=begin,
            duration=duration,
            keyframe=frame.keyframe,
            captured_us=captured_us,
        )
        for ws in list(sockets):
            try:
                await ws.send_bytes(data)
            except ConnectionError:
                sockets.discard(ws)

    return [web.get("/k/demo/ws", socket), web.get("/k/demo/stream.mjpg", multipart)], push


WAYS = {"hub": hub_way, "naive": naive_way}


def serve(pipe: multiprocessing.connection.Connection, way: str, jpeg: bool) -> None:
    """Run a server for one round: send its port, then its CPU seconds whenever asked."""

    async def main() -> None:
        routes, push = WAYS[way](jpeg)
        app = new_application()
        app.add_routes(routes)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        pipe.send(runner.addresses[0][1])
        loop = asyncio.get_running_loop()
        loop.add_reader(pipe.fileno(), lambda: pipe.send((pipe.recv(), time.process_time())))
        began, number = loop.time(), 0
        while True:
            await push(UNITS[number % FPS])
            number += 1
            await asyncio.sleep(max(0.0, began + number / FPS - loop.time()))

    asyncio.run(main())


def watch(
    pipe: multiprocessing.connection.Connection, port: int, viewers: int, deaf: int, jpeg: bool
) -> None:
    """Be all viewers: say when all are in, measure the age of frames for the asked time."""

    async def main() -> None:
        ages: list[float] = []
        counting = False

        async def view() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
            writer.write(request)
            await reader.readuntil(b"\r\n\r\n")
            take = next_part if jpeg else next_message
            first = True
            while True:
                captured_us = await take(reader)
                if first:
                    first = False
                    joined.release()
                if counting and captured_us:
                    ages.append((now_us() - captured_us) / 1000)

        async def be_deaf() -> None:
            with socket.create_connection(("127.0.0.1", port)) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                sock.sendall(request)
                await asyncio.Event().wait()

        path = "stream.mjpg" if jpeg else "ws"
        request = f"GET /k/demo/{path} HTTP/1.1\r\nHost: localhost\r\n".encode()
        request += (b"" if jpeg else UPGRADE) + b"\r\n"
        joined = asyncio.Semaphore(0)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(view()) for _ in range(viewers)]
            for _ in tasks:
                await joined.acquire()
            tasks += [group.create_task(be_deaf()) for _ in range(deaf)]
            pipe.send("ready")
            seconds = await asyncio.to_thread(pipe.recv)
            counting = True
            await asyncio.sleep(seconds)
            counting = False
            pipe.send(ages)
            for task in tasks:
                task.cancel()

    asyncio.run(main())


UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


async def next_message(reader: asyncio.StreamReader) -> int:
    """Read one WebSocket message; return its capture time in microseconds, 0 without one."""
    _, size = await reader.readexactly(2)
    if size >= 126:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    payload = await reader.readexactly(size)
    if payload[4:8] != b"prft":
        return 0
    (ntp,) = struct.unpack_from(">Q", payload, 16)
    return ((ntp >> 32) - 2_208_988_800) * 1_000_000 + ((ntp & 0xFFFF_FFFF) * 1_000_000 >> 32)


async def next_part(reader: asyncio.StreamReader) -> int:
    """Read one MJPEG part, chunked or not; return its capture time in microseconds."""
    stamp, size = 0, 0
    while True:
        line = await reader.readline()
        name, _, value = line.partition(b":")
        if name == b"X-Timestamp":
            stamp = int(float(value) * 1_000_000)
        elif name == b"Content-Length":
            size = int(value)
        elif line == b"\r\n" and size and stamp:
            await reader.readexactly(size)
            return stamp


@dataclass(frozen=True)
class Round:
    """What one round cost and gave."""

    cpu_us: float
    ages: list[float]
    frames: float


def run_round(way: str, jpeg: bool, viewers: int, deaf: int, seconds: float) -> Round:
    """Run one server and its viewers for `seconds`."""
    context = multiprocessing.get_context("spawn")
    server_pipe, server_end = context.Pipe()
    client_pipe, client_end = context.Pipe()
    server = context.Process(target=serve, args=(server_end, way, jpeg), daemon=True)
    server.start()
    port = server_pipe.recv()
    audience = (client_end, port, viewers, deaf, jpeg)
    client = context.Process(target=watch, args=audience, daemon=True)
    client.start()
    try:
        assert client_pipe.recv() == "ready"
        time.sleep(4.0 if deaf else 0.5)  # the joins' bursts pass, a deaf one's buffers fill
        server_pipe.send("begin")
        _, cpu_before = server_pipe.recv()
        client_pipe.send(seconds)
        ages = client_pipe.recv()
        server_pipe.send("end")
        _, cpu_after = server_pipe.recv()
    finally:
        client.kill()
        server.kill()
        client.join()
        server.join()
    return Round(
        (cpu_after - cpu_before) * 1e6 / viewers / seconds, ages, len(ages) / viewers / seconds
    )


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def report(jpeg: bool, viewers: int, deaf: int, rounds: int, seconds: float) -> Iterator[str]:
    """Yield the lines about one kind of stream and one number of viewers."""
    name = f"{'MJPEG' if jpeg else 'H.264'} {viewers:4} viewers"
    name += f" + {deaf} deaf" if deaf else ""
    cost: dict[str, list[float]] = {way: [] for way in WAYS}
    ages: dict[str, list[float]] = {way: [] for way in WAYS}
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            result = run_round(way, jpeg, viewers, deaf, seconds)
            cost[way].append(result.cpu_us)
            ages[way] += result.ages
            rates[way].append(result.frames)
    for way in WAYS:
        p50, p99 = (percentile(ages[way], share) for share in (0.5, 0.99))
        yield (
            f"{name}  {way:5}  {statistics.median(cost[way]):6.0f} us/viewer-s"
            f"  age p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  {statistics.median(rates[way]):5.1f} fps"
        )
    if deaf:
        return
    ratio = statistics.median(cost["naive"]) / statistics.median(cost["hub"])
    yield f"{name}  the naive way costs {ratio:.2f} times the hub's"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, nargs="+", default=[100, 200])
    parser.add_argument("--kinds", nargs="+", choices=["h264", "mjpeg"], default=["h264", "mjpeg"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.5, help="measured in each round")
    parser.add_argument("--deaf", type=int, default=1, help="viewers who read nothing, at the end")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, shared by server and viewers; us of server CPU")
    runs = [(kind, viewers, 0) for kind in options.kinds for viewers in options.viewers]
    # JPEGs, because they fill the deaf one's buffers in seconds.
    runs += [("mjpeg", options.viewers[0], options.deaf)] if options.deaf else []
    for kind, viewers, deaf in runs:
        for line in report(kind == "mjpeg", viewers, deaf, options.rounds, options.seconds):
            print(line, flush=True)


if __name__ == "__main__":
    main()
