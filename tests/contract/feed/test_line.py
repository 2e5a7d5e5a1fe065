"""Viewers on real lines: who can carry the stream loses nothing, who can't still sees the present.

The frames are noise, so that they are as heavy as a kitchen's and every pixel tells when something
is missing that it leans on.
"""

import asyncio
import statistics
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import aiohttp

from likelight.contract import State
from likelight.feed.fmp4 import TIMESCALE
from likelight.feed.hub import Hub
from likelight.feed.ring import MAX_BEHIND
from likelight.feed.viewers import SocketViewer
from support.boxes import read_fragment
from support.busy import BUSY, lateness
from support.camera import Decoder
from support.feed import Kitchen, kitchen, now_us
from support.pictures import HEIGHT, WIDTH, heavy, noise
from support.slow_proxy import SlowLine, slow_proxy
from support.valve import Valve
from support.virtual import run_virtual
from support.waiting import WITHIN_S

FPS = 30
SECONDS = 5
BEHIND_S = MAX_BEHIND / TIMESCALE
"""Who is further behind is led to the present, also where this machine was what held it up."""


@cache
def whole() -> tuple[int, ...]:
    """Return a hash of each picture of `noise`, decoded by somebody who missed nothing."""
    decoder = Decoder()
    return tuple(hash(bytes(decoder.decode(unit.data).planes[0])) for unit in noise())


RATE = sum(len(unit.data) for unit in noise())
"""Bytes a second of the stream."""
JPEG = b"\xff\xd8" + b"\xaa" * 20_000 + b"\xff\xd9"


@dataclass
class Seen:
    """What a viewer got: fragments, in order, and the age in seconds of each when it was there."""

    segments: list[bytes] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)

    @property
    def contiguous(self) -> bool:
        samples = [read_fragment(segment) for segment in self.segments]
        return all(a.decode + a.duration == b.decode for a, b in pairwise(samples))

    def pictures(self) -> Iterator[tuple[int, int]]:
        """Yield the number within its group of each picture, and its hash as decoded here."""
        decoder = Decoder()
        for segment in self.segments:
            sample = read_fragment(segment)
            units, at = b"", len(segment) - sample.size
            while at < len(segment):
                size = int.from_bytes(segment[at : at + 4], "big")
                units += b"\0\0\0\1" + segment[at + 4 : at + 4 + size]
                at += 4 + size
            if sample.keyframe:
                units = noise()[0].data
            yield sample.sequence, hash(bytes(decoder.decode(units).planes[0]))


async def roll(place: Kitchen, seconds: float = SECONDS) -> None:
    """Be a camera of both kinds of picture."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(round(seconds * FPS)):
        unit = noise()[number % FPS]
        place.hub.publish(unit.data, keyframe=unit.keyframe, captured_us=now_us())
        place.hub.publish_jpeg(JPEG, captured_us=now_us())
        await asyncio.sleep(max(0.0, began + (number + 1) / FPS - loop.time()))


async def watch(session: aiohttp.ClientSession, url: str, seen: Seen, ready: asyncio.Event) -> None:
    async with session.ws_connect(f"{url}/k/demo/ws", max_msg_size=0) as ws:
        ready.set()
        async for message in ws:
            if message.type is aiohttp.WSMsgType.BINARY and message.data[4:8] == b"prft":
                sample = read_fragment(message.data)
                if sample.size > 1000:  # no placeholder
                    seen.segments.append(message.data)
                    seen.ages.append((now_us() - sample.captured_us) / 1e6)


async def multipart(
    session: aiohttp.ClientSession, url: str, seen: Seen, ready: asyncio.Event
) -> None:
    async with session.get(f"{url}/k/demo/stream.mjpg") as response:
        ready.set()
        captured = 0.0
        async for row in response.content:
            if row.startswith(b"X-Timestamp:"):
                captured = float(row.split(b":")[1])
                await response.content.readline()
                if (await response.content.readexactly(len(JPEG))) == JPEG:
                    seen.ages.append(now_us() / 1e6 - captured)


async def over(line: SlowLine, *, mjpeg: bool = False) -> tuple[Seen, Seen, Hub]:
    """Watch for `SECONDS` over a line and, beside it, over none; return both, and the hub."""
    far, near = Seen(), Seen()
    async with kitchen() as place, aiohttp.ClientSession() as session:
        place.hub.set_format(WIDTH, HEIGHT, FPS)
        place.hub.show(State.LIVE)
        async with slow_proxy(place.url, line) as proxy, asyncio.TaskGroup() as group:
            ready = [asyncio.Event(), asyncio.Event()]
            way = multipart if mjpeg else watch
            tasks = [
                group.create_task(way(session, proxy.url, far, ready[0])),
                group.create_task(watch(session, place.url, near, ready[1])),
            ]
            for event in ready:
                await event.wait()
            await roll(place)
            # A camera that ran late does not wait after its last frame. Whom a busy machine led to
            # the present has fewer, and that is the test's own to judge.
            with suppress(TimeoutError):
                async with asyncio.timeout(WITHIN_S):
                    while len(near.ages) < SECONDS * FPS:
                        await asyncio.sleep(0.01)
            for task in tasks:
                task.cancel()
        return far, near, place.hub


async def test_half_the_rate_sees_the_present_unbroken_and_costs_nobody_anything() -> None:
    async with lateness() as late:
        far, near, hub = await over(SlowLine(down_bytes_per_s=RATE / 2, queue=4096))
    print(f"half the rate: {len(far.ages)} frames, median {statistics.median(far.ages):.2f} s")
    assert statistics.median(far.ages) < 0.5 + late.lost
    assert len(far.ages) > 5
    assert hub.traffic["ws"].skips > 0
    first = read_fragment(near.segments[0]).sequence
    for sequence, seen in far.pictures():
        assert seen == whole()[(sequence - first) % FPS], "a picture leans on one that was left out"
    assert statistics.median(near.ages) < BUSY * 0.05 + late.lost
    if late.lost < BEHIND_S:
        assert len(near.ages) == SECONDS * FPS
        assert near.contiguous


async def test_half_the_rate_of_mjpeg_sees_the_present() -> None:
    async with lateness() as late:
        far, near, hub = await over(
            SlowLine(down_bytes_per_s=len(JPEG) * FPS / 2, queue=4096), mjpeg=True
        )
    print(f"half the rate of MJPEG: {len(far.ages)}, median {statistics.median(far.ages):.2f} s")
    assert statistics.median(far.ages) < 0.5 + late.lost
    assert FPS * SECONDS / 8 < len(far.ages) < FPS * SECONDS * 0.6
    assert hub.traffic["mjpeg"].skips > 0
    assert near.contiguous or late.lost >= BEHIND_S


async def test_a_real_line_that_can_carry_the_stream_loses_nothing() -> None:
    real = SlowLine(down_bytes_per_s=10e6 / 8, delay_s=0.04, jitter_s=0.02, queue=65_536)
    async with lateness() as late:
        far, _, hub = await over(real)
    print(f"10 Mbit/s, 80 ms: median {statistics.median(far.ages):.3f} s")
    assert statistics.median(far.ages) < 0.2 + late.lost
    if late.lost < BEHIND_S:
        assert hub.traffic["ws"].skips == 0
        assert far.contiguous
        assert len(far.ages) > SECONDS * FPS - 15, "the last ones are still on their way"


def test_who_skips_three_times_gets_a_slideshow_and_then_another_chance() -> None:
    async def scenario() -> None:
        asked: list[float] = []
        key, light = heavy(100, keyframe=True), heavy(100, keyframe=False)
        clock = asyncio.get_running_loop().time
        hub = Hub(
            now_us=now_us,
            on_demand=lambda _: None,
            request_keyframe=lambda _: asked.append(clock()),
        )
        hub.set_format(WIDTH, HEIGHT, FPS)
        hub.show(State.LIVE)
        valve = Valve()
        with hub.watch_h264(valve) as viewer:
            assert isinstance(viewer, SocketViewer)
            for second in range(45):
                for number in range(FPS):
                    # In each of the first three seconds it takes nothing for half of it.
                    valve.open = not (second < 3 and 5 < number < 20)
                    unit = light if number else key
                    valve.got.clear()
                    hub.publish(unit.data, keyframe=unit.keyframe, captured_us=now_us())
                    sliding = 4 <= second < 33
                    if sliding:
                        assert len(valve.got) == unit.keyframe
                    elif second == 44:
                        assert len(valve.got) == 1, "all pictures again"
                    await asyncio.sleep(1 / FPS)
            assert viewer.traffic.skips == 3
        assert hub.traffic["ws"].skips == 3
        assert hub.traffic["ws"].viewers == 0
        assert asked == [], "a keyframe a second comes by itself"

    run_virtual(scenario())


def test_keyframes_are_asked_for_once_a_second_however_many_wait() -> None:
    async def scenario() -> None:
        asked: list[float] = []
        key, light = heavy(100, keyframe=True), heavy(100, keyframe=False)
        clock = asyncio.get_running_loop().time
        hub = Hub(
            now_us=now_us,
            on_demand=lambda _: None,
            request_keyframe=lambda _: asked.append(clock()),
        )
        hub.set_format(WIDTH, HEIGHT, FPS)
        hub.show(State.LIVE)
        valves = [Valve() for _ in range(20)]
        watching = [hub.watch_h264(valve) for valve in valves]
        for viewer in watching:
            viewer.__enter__()
        for number in range(5 * FPS):  # one keyframe in five seconds
            for turn, valve in enumerate(valves):
                valve.open = not (turn < number < turn + 15)
            unit = light if number else key
            hub.publish(unit.data, keyframe=unit.keyframe, captured_us=now_us())
            await asyncio.sleep(1 / FPS)
        for viewer in watching:
            viewer.__exit__(None, None, None)
        assert 3 <= len(asked) <= 5
        assert all(late - early >= 1.0 for early, late in pairwise(asked))

    run_virtual(scenario())
