"""The upload on the virtual clock: what it sends, which requests it serves, when it waits."""

import asyncio
from itertools import pairwise

import pytest

from likelight.contract import State
from likelight.feed.outlets import Demand
from likelight.feed.upload.protocol import PacketKind, UploadPacket
from support.feed import now_us
from support.pictures import CAMERA_SHADE, heavy, jpeg
from support.raw_server import raw_server
from support.relay import Uploading, beside, uploading
from support.scripted_relay import ScriptedRelay, scripted_relay
from support.slow_proxy import SlowLine, slow_proxy
from support.virtual import run_virtual
from support.waiting import until

SUPERSEDED = 4409
CAMERA_JPEG = jpeg(CAMERA_SHADE)


def push(device: Uploading, size: int = 6_000, *, keyframe: bool = False) -> None:
    """Push a picture of `size` bytes, captured now."""
    unit = heavy(size, keyframe=keyframe)
    device.hub.publish(unit.data, keyframe=keyframe, captured_us=now_us())


async def film(device: Uploading) -> None:
    """Film 30 pictures a second for ever, a keyframe each second."""
    while True:
        for number in range(30):
            push(device, keyframe=number == 0)
            await asyncio.sleep(1 / 30)


def open_gate(device: Uploading) -> None:
    device.upload.on_watched(True)
    device.live()


async def second_line(relay: ScriptedRelay) -> float:
    """Return how many seconds after the first line the second one was asked for."""
    async with uploading(relay.url) as device:
        open_gate(device)
        await until(lambda: len(relay.opened_at) == 2, within=600)
    return relay.opened_at[1] - relay.opened_at[0]


@pytest.mark.parametrize("answer", [401, 403, 404, 409, SUPERSEDED])
def test_who_is_refused_or_superseded_rests_for_a_minute_and_some(answer: int) -> None:
    async def scenario() -> None:
        async with scripted_relay(answer) as relay:
            assert 60.0 <= await second_line(relay) <= 75.1

    run_virtual(scenario())


@pytest.mark.parametrize("answer", [429, 500, 503, 1011, 1001])
def test_any_other_end_is_tried_again_within_half_a_second(answer: int) -> None:
    async def scenario() -> None:
        async with scripted_relay(answer) as relay:
            assert await second_line(relay) <= 0.6

    run_virtual(scenario())


def test_a_relay_that_stays_away_is_asked_at_least_every_half_minute() -> None:
    async def scenario() -> None:
        async with scripted_relay(*[503] * 40) as relay, uploading(relay.url) as device:
            open_gate(device)
            await until(lambda: len(relay.opened_at) == 41, within=3600)
        pauses = [late - early for early, late in pairwise(relay.opened_at)]
        assert max(pauses) <= 30.1
        assert max(pauses) > 15, "they grow, so that a thousand kitchens do not come at once"

    run_virtual(scenario())


def test_a_relay_that_does_not_answer_is_given_up_after_five_seconds() -> None:
    async def scenario() -> None:
        asked: list[float] = []
        clock = asyncio.get_running_loop().time

        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(clock())
            await reader.read()
            writer.close()

        async with (
            raw_server(say_nothing) as port,
            uploading(f"http://127.0.0.1:{port}") as device,
        ):
            open_gate(device)
            await until(lambda: len(asked) == 2, within=60)
        assert 5.0 <= asked[1] - asked[0] <= 5.6

    run_virtual(scenario())


def test_the_format_comes_first_then_the_init_the_gate_and_the_pictures() -> None:
    async def scenario() -> None:
        async with scripted_relay() as relay, uploading(relay.url) as device:
            open_gate(device)
            async with beside(film(device)):
                await until(lambda: len(relay.pictures) >= 2)
            told, init, gate, first, second = relay.heard[:5]
            assert isinstance(told, dict)
            assert set(told) == {"codec", "width", "height", "fps", "epoch", "rendition"}
            assert (told["width"], told["height"], told["fps"]) == (320, 192, 30)
            assert isinstance(init, UploadPacket)
            assert init.kind is PacketKind.INIT
            assert gate == {"gate": "open", "reason": "live"}
            assert isinstance(first, UploadPacket)
            assert isinstance(second, UploadPacket)
            assert (first.keyframe, second.keyframe) == (True, False)

    run_virtual(scenario())


def test_the_relay_s_wishes_are_passed_on() -> None:
    async def scenario() -> None:
        async with scripted_relay() as relay, uploading(relay.url) as device:
            open_gate(device)
            async with beside(film(device)):
                await until(lambda: bool(relay.pictures))
                await relay.wish(keyframe=True)
                await until(lambda: len(device.keyframes_asked) == 1, within=1)
                await relay.wish(jpeg_fps=5)
                await device.demands.until(Demand(1, 1), within=1)
                await relay.wish(jpeg_fps=0)
                await device.demands.until(Demand(1, 0), within=1)

    run_virtual(scenario())


def test_no_jpeg_goes_out_before_the_stream_s_format() -> None:
    """The relay wants JPEGs at once, and the camera's first keyframe takes its time."""

    async def scenario() -> None:
        async with scripted_relay() as relay, uploading(relay.url) as device:
            open_gate(device)
            await until(lambda: relay.ready)
            await relay.wish(jpeg_fps=5)
            await device.demands.until(Demand(1, 1), within=1)
            device.hub.publish_jpeg(CAMERA_JPEG, captured_us=now_us())
            await asyncio.sleep(0.5)
            assert relay.heard == []
            push(device, keyframe=True)
            await until(lambda: len(relay.pictures) == 1)
            device.hub.publish_jpeg(CAMERA_JPEG, captured_us=now_us())
            await until(lambda: len(relay.pictures) == 2)

    run_virtual(scenario())


@pytest.mark.parametrize("step_s", [-315_000_000, -600, 600, 315_000_000])
def test_a_wall_clock_that_steps_neither_holds_nor_hurries_the_jpegs(step_s: int) -> None:
    """Capture times are wall time, which a time server sets, by ten minutes or ten years."""

    async def scenario() -> None:
        async with scripted_relay() as relay, uploading(relay.url) as device:

            async def film_jpegs(ahead_s: int) -> int:
                """Film 50 JPEGs in 5 s by a clock that is ahead; return how many arrived."""
                before = sum(each.kind is PacketKind.JPEG for each in relay.pictures)
                for _ in range(50):
                    captured_us = now_us() + ahead_s * 1_000_000
                    device.hub.publish_jpeg(CAMERA_JPEG, captured_us=captured_us)
                    await asyncio.sleep(0.1)
                return sum(each.kind is PacketKind.JPEG for each in relay.pictures) - before

            open_gate(device)
            async with beside(film(device)):
                await until(lambda: bool(relay.pictures))
                await relay.wish(jpeg_fps=2)
                await device.demands.until(Demand(1, 1), within=1)
                assert 9 <= await film_jpegs(0) <= 13
                assert 9 <= await film_jpegs(step_s) <= 13

    run_virtual(scenario())


def test_nothing_but_the_camera_s_pictures_goes_over_the_line() -> None:
    """Placeholders are the relay's own, also on a line that is kept: before LIVE, in a fault, and
    while LIVE until the camera's first picture."""

    async def scenario() -> None:
        async with scripted_relay() as relay, uploading(relay.url) as device:
            device.upload.on_watched(True)
            await until(lambda: bool(relay.opened_at))
            await asyncio.sleep(3)
            device.live()
            await relay.wish(jpeg_fps=5)
            await asyncio.sleep(3)
            assert relay.heard == []
            async with beside(film(device)):
                await until(lambda: len(relay.pictures) > 10)
                device.hub.show(State.FAULT)
                await until(lambda: len(relay.gates) == 2)
                shown = len(relay.heard)
                await asyncio.sleep(3)
                assert relay.heard[shown:] == []
                assert relay.gates[-1] == {"gate": "shut", "reason": "fault"}
                assert len(relay.opened_at) == 1

    run_virtual(scenario())


def test_a_gate_that_shuts_while_a_picture_is_sent_stops_the_next() -> None:
    """The group of pictures of a join goes out in one go, and the first takes its time."""

    async def scenario() -> None:
        async with (
            scripted_relay() as relay,
            slow_proxy(relay.url, SlowLine(up_bytes_per_s=4_000_000)) as line,
            uploading(line.url) as device,
        ):
            device.live()
            push(device, 400_000, keyframe=True)
            for _ in range(5):
                push(device, 100)
            device.upload.on_watched(True)
            # Some of the first picture is at the relay, and the rest holds the sender up.
            await until(lambda: line.carried_up > 100_000)
            device.hub.show(State.FAULT)
            await until(lambda: len(relay.gates) == 2)
            await asyncio.sleep(1)
            assert [packet.keyframe for packet in relay.pictures] == [True]

    run_virtual(scenario())
