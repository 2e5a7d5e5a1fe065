"""A device's hub and its upload against the real relay, over real sockets."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path

import pytest

from likelight.contract import State
from likelight.feed.jpegs import JpegPicture
from likelight.feed.outlets import Demand
from likelight.feed.ring import Fragment
from likelight.feed.transport import unacknowledged_bytes
from likelight.feed.upload.sender import SHUT_WITHIN_S
from likelight.gate.on_air import REOPEN_AFTER_S
from support.busy import BUSY, lateness
from support.cloud import KID, TOKEN
from support.demo import free_port
from support.pictures import CAMERA_SHADE, heavy
from support.relay import RelaySite, Uploading, beside, relay_site, uploading, wall_us
from support.slow_proxy import SlowLine, SlowProxy, slow_proxy
from support.virtual import run_virtual
from support.waiting import until


def test_the_line_is_cut_before_a_gate_that_a_fault_has_shut_can_open_again() -> None:
    assert SHUT_WITHIN_S < REOPEN_AFTER_S


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RelaySite]:
    async with relay_site(tmp_path / "cloud.db") as site:
        yield site


async def test_somebody_watching_is_demand_and_brings_the_picture(site: RelaySite) -> None:
    async with uploading(site.base) as device, site.watcher() as watcher:
        device.upload.on_watched(True)
        assert device.demands.heard[-1] == Demand(h264=1)
        device.live()
        async with beside(device.film()):
            await watcher.state(State.LIVE)
            while CAMERA_SHADE not in watcher.got.shades[-1:]:
                await watcher.read()
            assert device.upload.uploading
        device.upload.on_watched(False)
        assert device.demands.heard[-1] == Demand()
        await until(lambda: site.hub.state is not State.LIVE, within=BUSY)
        await until(lambda: not device.upload.uploading)


async def test_the_upload_goes_through_a_proxy(site: RelaySite) -> None:
    async with uploading("http://cloud.internal", proxy=site.base) as device:
        device.upload.on_watched(True)
        device.live()
        async with beside(device.film()):
            await until(lambda: site.relays.hub(KID) is not None)


async def test_a_refused_upload_tries_a_new_token_at_once(site: RelaySite) -> None:
    async with uploading(site.base, token="revoked") as device:
        device.upload.on_watched(True)
        device.live()
        async with beside(device.film()):
            await until(lambda: device.demands.heard[-1] == Demand())
            device.upload.pair(TOKEN)
            # By itself it would try again after a minute.
            await until(lambda: device.upload.uploading)


async def test_nothing_is_opened_while_nobody_watches_or_the_gate_is_shut(
    site: RelaySite,
) -> None:
    async with uploading(site.base) as device:
        device.live()
        async with beside(device.film()):
            await until(lambda: device.filmed > 10)
            assert site.relays.hub(KID) is None
        device.hub.show(State.PRIVATE)
        device.upload.on_watched(True)
        await asyncio.sleep(0.2)
        assert site.relays.hub(KID) is None
        device.hub.show(State.IDLE)
        await until(lambda: site.relays.hub(KID) is not None)


@pytest.mark.parametrize("state", [State.PRIVATE, State.OFF, State.CLOSED, State.FAULT])
async def test_a_gate_that_shuts_is_shut_at_the_relay(site: RelaySite, state: State) -> None:
    await site.status(camera={"state": state.value, "since": "2026-11-21T11:59:00Z"})
    async with uploading(site.base) as device:
        device.upload.on_watched(True)
        device.live()
        async with beside(device.film()):
            await until(lambda: device.upload.uploading and site.hub.meter.frames > 5)
            device.hub.show(state)
            assert await until(lambda: site.hub.state is state) < BUSY
            shown, before = site.hub.meter.frames, device.filmed
            await until(lambda: device.filmed > before + 10)
            assert site.hub.meter.frames == shown
            device.hub.show(State.IDLE)
            device.live()
            await until(lambda: site.hub.meter.frames > shown)
            assert site.hub.state is State.LIVE


async def test_mjpeg_at_the_cloud_asks_for_pictures_and_takes_no_more(site: RelaySite) -> None:
    async with uploading(site.base) as device:
        device.upload.on_watched(True)
        device.live()
        async with beside(device.film()):
            await until(lambda: device.upload.uploading)
            assert device.demands.heard[-1].jpeg == 0
            async with site.session.get(f"{site.base}/k/{KID}/stream.mjpg"):
                await device.demands.until(Demand(h264=1, jpeg=1))
                clock = asyncio.get_running_loop().time
                began = clock()
                for _ in range(20):
                    device.hub.publish_jpeg(b"\xff\xd8 a picture", captured_us=wall_us())
                    await asyncio.sleep(0.05)
                # 20 pictures a second; the relay asked for 5, and 6.7 are the most it may get.
                await until(lambda: site.hub.meter.pictures >= 4)
                assert site.hub.meter.pictures <= 6.7 * (clock() - began) + 1.3
            await device.demands.until(Demand(h264=1))


async def test_a_relay_that_was_away_gets_the_live_picture_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "likelight.feed.upload.client")
    port = free_port()
    async with uploading(f"http://127.0.0.1:{port}") as device:
        device.upload.on_watched(True)
        device.live()
        async with beside(device.film()):
            for life in range(2):
                async with relay_site(tmp_path / "cloud.db", port) as site:
                    await until(lambda: site.relays.hub(KID) is not None)
                    await until(lambda site=site: site.hub.meter.frames > 3)  # type: ignore[misc]
                    assert site.hub.meter.age_us < BUSY * 300_000, life
                await until(lambda: not device.upload.uploading)
    lost = [line for line in caplog.messages if "does not get the picture" in line]
    assert 2 <= len(lost) <= 3, "each outage is logged once, the one before the first start too"


async def test_a_refusal_is_reported_once_and_not_repeated(
    site: RelaySite, caplog: pytest.LogCaptureFixture
) -> None:
    async with uploading(site.base, token="revoked") as device:
        device.upload.on_watched(True)
        await until(lambda: "refuses this device (status 401)" in caplog.text)
        assert "revoked" not in caplog.text
        device.live()
        await asyncio.sleep(0.3)
    assert caplog.text.count("does not get the picture") == 1


async def test_of_two_devices_the_newer_uploads_and_the_older_rests(site: RelaySite) -> None:
    async with uploading(site.base) as old, uploading(site.base) as new:
        for device in (old, new):
            device.live()
        async with beside(old.film(), new.film()):
            old.upload.on_watched(True)
            await until(lambda: old.upload.uploading)
            new.upload.on_watched(True)
            await until(lambda: new.upload.uploading and not old.upload.uploading)
            shown = site.hub.meter.frames
            await until(lambda: site.hub.meter.frames > shown + 20)
            assert not old.upload.uploading


async def test_requests_that_make_no_sense_are_ignored(site: RelaySite) -> None:
    async with uploading(site.base) as device:
        device.upload.on_watched(True)
        device.live()
        for text in ("{", '{"jpeg_fps": 900}', '{"keyframe": "x"}', '{"sing": true}'):
            device.upload._on_request(text)
        assert device.keyframes_asked == []
        device.upload._on_request(json.dumps({"keyframe": True}))
        device.upload._on_request(json.dumps({"keyframe": True}))
        assert len(device.keyframes_asked) == 1


async def test_a_line_too_narrow_skips_by_keyframes_and_stays_fresh(site: RelaySite) -> None:
    """A stream of 2 Mbit/s over a line of half of it."""
    async with slow_proxy(site.base, SlowLine(up_bytes_per_s=125_000)) as line:
        async with uploading(line.url) as device, lateness() as late:
            arrivals = await _upload_heavy(site, device, line)
    ages = sorted(arrival.age for arrival in arrivals)
    print(f"{len(ages)} pictures, median age {ages[len(ages) // 2]:.2f} s, oldest {ages[-1]:.2f} s")
    # The line's own buffers hold 0.25 s of it; the rest is the upload's.
    assert ages[len(ages) // 2] < 0.25 + 0.5 + late.lost
    assert ages[-1] < 1.5 + late.lost
    steps = list(pairwise(arrivals))
    assert any(after.number > before.number + 1 for before, after in steps), "it did skip"
    for before, after in steps:
        assert after.keyframe or after.number == before.number + 1
    assert all(after - before > 0.9 for before, after in pairwise(device.keyframes_asked))


def test_privacy_on_a_narrow_line_is_at_the_relay_within_a_second(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            relay_site(tmp_path / "cloud.db") as site,
            slow_proxy(site.base, SlowLine(up_bytes_per_s=80_000)) as line,
            uploading(line.url) as device,
        ):
            await _upload_heavy(site, device, line, seconds=1.0)
            device.hub.show(State.PRIVATE)
            took = await until(lambda: site.hub.state is not State.LIVE)
            print(f"the relay had dropped everything after {took:.2f} s")
            assert took < 1.0

    run_virtual(scenario())


async def test_privacy_takes_back_what_the_kernel_has_not_delivered(site: RelaySite) -> None:
    async with slow_proxy(site.base, SlowLine(up_bytes_per_s=10_000_000)) as line:
        async with uploading(line.url) as device:
            device.upload.on_watched(True)
            device.live()
            key, other = heavy(6_000, keyframe=True), heavy(6_000, keyframe=False)
            device.hub.publish(key.data, keyframe=True, captured_us=wall_us())
            await until(lambda: site.relays.hub(KID) is not None and site.hub.meter.frames > 0)
            socket = device.socket
            assert socket is not None
            assert socket.transport is not None
            line.deaf = True
            shown, pushed = site.hub.meter.frames, 0
            while pushed < 3 or unacknowledged_bytes(socket.transport) < 12_000:
                device.hub.publish(other.data, keyframe=False, captured_us=wall_us())
                await until(lambda: device.up_to_date)
                pushed += 1
            assert pushed * 6_000 > line.line.queue, "the kernel at the other end can't take all"
            assert socket.drained, "what has not been delivered is the kernel's"
            device.hub.show(State.PRIVATE)
            await asyncio.sleep(2 * SHUT_WITHIN_S)
            line.deaf = False
            await until(lambda: site.hub.state is not State.LIVE)
            assert site.hub.meter.frames < shown + pushed


@pytest.mark.parametrize("private_between", [False, True])
async def test_a_short_fault_cuts_no_line_but_privacy_does(
    site: RelaySite, private_between: bool
) -> None:
    async with slow_proxy(site.base, SlowLine(up_bytes_per_s=10_000_000)) as line:
        async with uploading(line.url) as device:
            device.upload.on_watched(True)
            device.live()
            key = heavy(6_000, keyframe=True)
            device.hub.publish(key.data, keyframe=True, captured_us=wall_us())
            await until(lambda: site.relays.hub(KID) is not None and site.hub.meter.frames > 0)
            used = device.socket
            assert used is not None
            transport = used.transport
            assert transport is not None
            line.deaf = True
            pushed = 0
            while pushed < 3 or unacknowledged_bytes(transport) < 12_000:
                device.hub.publish(key.data, keyframe=True, captured_us=wall_us())
                await until(lambda: device.up_to_date)
                pushed += 1
            device.hub.show(State.FAULT)
            if private_between:
                device.hub.show(State.PRIVATE)
            device.live()

            def cut_off() -> bool:
                return device.socket is not used or transport.is_closing()

            if private_between:
                await until(cut_off)
            else:
                await asyncio.sleep(2 * SHUT_WITHIN_S)
                assert not cut_off()


async def test_a_line_that_swallows_everything_is_given_up_and_opened_again(
    site: RelaySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likelight.feed.upload.sender.STALL_S", 0.5)
    async with slow_proxy(site.base, SlowLine(up_bytes_per_s=10_000_000)) as line:
        async with uploading(line.url) as device:
            device.upload.on_watched(True)
            device.live()
            async with beside(_heavy_film(device)):
                await until(lambda: site.relays.hub(KID) is not None)
                await until(lambda: site.hub.meter.frames > 5)
                line.deaf = True
                assert await until(lambda: site.hub.state is State.INTERRUPTED) < BUSY
                line.deaf = False
                line.cut_all()
                shown = site.hub.meter.frames
                await until(lambda: site.hub.meter.frames > shown + 5)
                assert site.hub.meter.age_us < BUSY * 300_000


@dataclass(frozen=True)
class Arrival:
    """A picture at the relay: its number, and its age in seconds."""

    number: int
    keyframe: bool
    age: float


class Arrivals:
    """Keeps what comes out of the relay's hub; an outlet that wants nothing itself."""

    demand = Demand()

    def __init__(self) -> None:
        self.seen: list[Arrival] = []

    def on_fragment(self, fragment: Fragment) -> None:
        if fragment.init.fps == 30:  # the camera's
            age = (wall_us() - fragment.captured_us) / 1e6
            self.seen.append(Arrival(int(fragment.payload[-8:]), fragment.keyframe, age))

    def on_jpeg(self, picture: JpegPicture) -> None: ...

    def on_state(self, state: State) -> None: ...


async def _upload_heavy(
    site: RelaySite, device: Uploading, line: SlowProxy, *, seconds: float = 2.5
) -> list[Arrival]:
    """Upload 2 Mbit/s for some seconds; return what arrived."""
    await site.status(camera={"state": "private", "since": "2026-11-21T11:59:00Z"})
    arrivals = Arrivals()
    device.upload.on_watched(True)
    device.live()
    async with beside(_heavy_film(device)):
        await until(lambda: site.relays.hub(KID) is not None)
        site.hub.add_outlet(arrivals)
        await asyncio.sleep(seconds)
        await until(lambda: len(arrivals.seen) > 1)
    assert line.carried_up > 0
    return arrivals.seen


async def _heavy_film(device: Uploading) -> None:
    """Film 30 frames a second of 2 Mbit/s, a keyframe every 30 or when asked for.

    The last 8 bytes of each picture are its number.
    """
    key, other = heavy(20_000, keyframe=True), heavy(7_900, keyframe=False)
    for number in count():
        unit = other if device.filmed % 30 else key
        device.filmed += 1
        numbered = unit.data + f"{number:08d}".encode()
        device.hub.publish(numbered, keyframe=unit.keyframe, captured_us=wall_us())
        await asyncio.sleep(1 / 30)
