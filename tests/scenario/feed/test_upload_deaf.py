"""The upload on a line that takes nothing any more, on the virtual clock: when it is cut."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from likelight.contract import State
from likelight.feed.transport import unacknowledged_bytes
from support.feed import now_us
from support.pictures import heavy
from support.relay import Uploading, beside, uploading
from support.scripted_relay import ScriptedRelay, scripted_relay
from support.slow_proxy import SlowLine, SlowProxy, slow_proxy
from support.virtual import run_virtual
from support.waiting import until


@asynccontextmanager
async def line() -> AsyncIterator[tuple[Uploading, SlowProxy, ScriptedRelay]]:
    """Upload over a line that can be made deaf; the first picture is at the relay."""
    async with (
        scripted_relay() as relay,
        slow_proxy(relay.url, SlowLine(up_bytes_per_s=10_000_000)) as proxy,
        uploading(proxy.url) as device,
    ):
        device.upload.on_watched(True)
        device.live()
        push(device, 6_000, keyframe=True)
        await until(lambda: len(relay.pictures) == 1)
        yield device, proxy, relay


def push(device: Uploading, size: int, *, keyframe: bool = False) -> None:
    unit = heavy(size, keyframe=keyframe)
    device.hub.publish(unit.data, keyframe=keyframe, captured_us=now_us())


def transport(device: Uploading) -> asyncio.Transport:
    socket = device.socket
    assert socket is not None
    assert socket.transport is not None
    return socket.transport


async def film(device: Uploading, size: int) -> None:
    """Film 30 pictures of `size` bytes a second, a keyframe each second."""
    while True:
        for number in range(30):
            push(device, size, keyframe=number == 0)
            await asyncio.sleep(1 / 30)


async def fill_the_kernel(device: Uploading) -> int:
    """Push small pictures until the kernel keeps some, and our own buffer none; return how many."""
    used, pushed = transport(device), 0
    while pushed < 3 or unacknowledged_bytes(used) < 12_000:
        push(device, 6_000)
        pushed += 1
        await until(lambda: device.up_to_date)
    assert not used.get_write_buffer_size()
    return pushed


async def fill_our_buffer(device: Uploading) -> int:
    """Push one picture that the kernel does not take."""
    push(device, 400_000)
    await until(lambda: transport(device).get_write_buffer_size() > 100_000)
    return 1


def shut(device: Uploading) -> None:
    device.hub.show(State.PRIVATE)


def nobody_watches(device: Uploading) -> None:
    device.upload.on_watched(False)


@pytest.mark.parametrize("size", [6_000, 400_000], ids=["many small", "one that blocks"])
def test_a_line_that_takes_nothing_is_given_up_after_five_seconds(size: int) -> None:
    async def scenario() -> None:
        async with line() as (device, proxy, _):
            used = transport(device)
            proxy.deaf = True
            async with beside(film(device, size)):
                await until(lambda: used.get_write_buffer_size() > 0)
                took = await until(used.is_closing, within=60)
            assert 4.9 < took < 6.1

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("fill", "end"),
    [(fill_the_kernel, shut), (fill_our_buffer, shut), (fill_the_kernel, nobody_watches)],
)
def test_what_has_not_arrived_three_tenths_of_a_second_after_the_end_never_will(
    fill: Callable[[Uploading], Awaitable[int]], end: Callable[[Uploading], None]
) -> None:
    async def scenario() -> None:
        async with line() as (device, proxy, relay):
            used = transport(device)
            proxy.deaf = True
            before = len(relay.pictures)
            pushed = await fill(device)
            end(device)
            assert 0.29 < await until(used.is_closing) < 0.32
            proxy.deaf = False
            await asyncio.sleep(5)
            assert len(relay.pictures) < before + pushed

    run_virtual(scenario())


@pytest.mark.parametrize("end", [shut, nobody_watches])
def test_a_line_that_takes_what_it_is_given_delivers_all_of_it_and_the_shut(
    end: Callable[[Uploading], None],
) -> None:
    async def scenario() -> None:
        async with line() as (device, _, relay):
            for _ in range(10):
                push(device, 6_000)
            await until(lambda: len(relay.pictures) == 11)
            end(device)
            await until(lambda: device.socket is None)
            assert [gate["gate"] for gate in relay.gates] == ["open", "shut"]

    run_virtual(scenario())
