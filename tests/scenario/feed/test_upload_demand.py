"""Who watches at the cloud keeps camera and ON AIR on only while the relay takes the picture."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from likelight.contract import State
from likelight.feed.hub import Hub
from likelight.feed.upload.client import Upload
from likelight.gate.on_air import OnAir
from support.cloud import KID, TOKEN
from support.feed import now_us
from support.gate import GateKitchen, a_kitchen
from support.pictures import CAMERA_SHADE, HEIGHT, WIDTH, encode
from support.relay import beside
from support.scripted_relay import SAYS_NOTHING, Answer, ScriptedRelay, scripted_relay
from support.valve import Valve
from support.virtual import run_virtual
from support.waiting import until

TRIES = 9
"""So many are refused first: with pauses of up to 30 s they take more than a minute."""


def without_upgrade() -> web.Response:
    """Answer as the cloud does behind a proxy that does not pass the WebSocket's header on."""
    return web.Response(status=400, text="No WebSocket UPGRADE hdr", content_type="text/plain")


@asynccontextmanager
async def device(
    kitchen: GateKitchen, gate: OnAir, relay: ScriptedRelay, *, picture_every: float = 0.02
) -> AsyncIterator[tuple[Hub, Upload]]:
    """Connect a feed with its upload to the gate; the camera's pictures come all the time."""
    hub = Hub(now_us=now_us, on_demand=lambda demand: gate.on_demand(demand.watched))
    upload = Upload(relay.url, KID, TOKEN, rng=random.Random(1))
    upload.attach(hub, request_keyframe=lambda _: None)
    kitchen.on_change = lambda: hub.show(gate.state)

    hub.set_format(WIDTH, HEIGHT, 50)
    (picture,) = encode([CAMERA_SHADE])

    async def film() -> None:
        while True:
            kitchen.frame()
            if gate.state is State.LIVE:
                hub.publish(picture.data, keyframe=True, captured_us=now_us())
            await asyncio.sleep(picture_every)

    async with beside(hub.run(), upload.run(), film()):
        yield hub, upload


def on_air(kitchen: GateKitchen, gate: OnAir) -> bool:
    """Return whether camera and light are on; they never differ for longer than a moment."""
    assert kitchen.lit == kitchen.running == gate.open
    return kitchen.lit


def with_its_own_upgrade_only() -> int:
    """Open the WebSocket as a front end does by itself, and close it: it can't reach the cloud."""
    return 1011


def with_an_upgrade_that_leads_nowhere() -> int:
    return SAYS_NOTHING


@pytest.mark.parametrize(
    "answer", [without_upgrade, with_its_own_upgrade_only, with_an_upgrade_that_leads_nowhere]
)
def test_where_the_upload_is_not_accepted_and_nobody_watches_here_the_camera_ends(
    answer: Callable[[], Answer],
) -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        async with (
            scripted_relay(*[answer() for _ in range(TRIES)]) as relay,
            device(kitchen, gate, relay) as (hub, upload),
        ):
            upload.on_watched(True)
            await until(lambda: len(relay.opened_at) == 1)
            await asyncio.sleep(16)
            assert not on_air(kitchen, gate)
            assert gate.state is State.IDLE
            with hub.watch_h264(Valve()):  # somebody in the kitchen's own network
                await asyncio.sleep(15)
                assert on_air(kitchen, gate)
                assert gate.state is State.LIVE
            await asyncio.sleep(11)
            assert not on_air(kitchen, gate)
            dark_from = len(kitchen.states)
            await until(lambda: len(relay.opened_at) > TRIES, within=600)
            assert kitchen.states[dark_from:] == [], "no try that fails wakes the camera"
            await asyncio.sleep(0.5)
            assert len(relay.opened_at) == TRIES + 1
            assert on_air(kitchen, gate)
            assert kitchen.frames, "pictures left"
            assert all(lit for _, lit in kitchen.frames), "none left while the light was out"

    run_virtual(a_kitchen(body))


def test_a_line_that_breaks_for_some_seconds_does_not_switch_the_camera() -> None:
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        async with scripted_relay() as relay, device(kitchen, gate, relay) as (_, upload):
            upload.on_watched(True)
            await until(lambda: relay.ready)
            await asyncio.sleep(20)
            transport = relay.requests[-1].transport
            assert transport is not None
            transport.abort()
            began = len(kitchen.states)
            await until(lambda: len(relay.opened_at) == 2, within=60)
            await asyncio.sleep(30)
            assert kitchen.states[began:] == []
            assert on_air(kitchen, gate)

    run_virtual(a_kitchen(body))


def test_a_relay_that_takes_the_upload_and_cannot_read_it_wakes_the_camera_ever_more_seldom() -> (
    None
):
    async def body(kitchen: GateKitchen, gate: OnAir) -> None:
        async with (
            scripted_relay() as relay,
            device(kitchen, gate, relay, picture_every=0.5) as (_, upload),
        ):
            relay.cannot_read = True
            upload.on_watched(True)
            await asyncio.sleep(1800)
            tries, woken = len(relay.opened_at), kitchen.states.count(State.LIVE)
            assert kitchen.frames, "each try needs pictures"
            assert all(lit for _, lit in kitchen.frames)
            await asyncio.sleep(3600)
            assert len(relay.opened_at) - tries <= 24
            assert kitchen.states.count(State.LIVE) - woken <= 24
            # One that has learned to read it has it within the longest pause.
            tries, relay.cannot_read = len(relay.opened_at), False
            await until(lambda: len(relay.opened_at) > tries, within=301)
            await asyncio.sleep(20)
            assert on_air(kitchen, gate)
            # That was a good line: the next end is tried again at once.
            relay.cannot_read = True
            await until(lambda: len(relay.opened_at) == tries + 2, within=2)

    run_virtual(a_kitchen(body))
