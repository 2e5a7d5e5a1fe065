"""The upload's connection and the relay behind it, over real sockets, with a scripted device."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSCloseCode

from likelight.contract import MAX_WAIT_S, State
from likelight.feed.outlets import Demand
from likelight.feed.upload.protocol import MAX_MESSAGE, SUPERSEDED, PacketKind, UploadPacket
from support.boxes import read_fragment
from support.cloud import KID, TOKEN, bearer
from support.pictures import CAMERA_SHADE, jpeg, jpeg_shade
from support.relay import RelaySite, relay_site
from support.waiting import WITHIN_S, until

FEED = f"/v1/kitchens/{KID}/feed"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RelaySite]:
    async with relay_site(tmp_path / "cloud.db") as site:
        yield site


def filmed(shades: list[int]) -> bool:
    return any(abs(shade - CAMERA_SHADE) < 5 for shade in shades)


async def test_a_viewer_gets_the_picture_bit_for_bit(site: RelaySite) -> None:
    async with site.device() as device, site.watcher() as watcher:
        await device.open()
        await device.frames(5)
        await watcher.state(State.LIVE)
        while device.init.segment not in watcher.got.segments:
            await watcher.read()
        at = len(watcher.got.samples)
        await watcher.fragments(at + 5)
        assert watcher.got.shades[-5:] == [CAMERA_SHADE] * 5
        assert read_fragment(watcher.got.segments[-1]).captured_us


async def test_a_late_viewer_gets_the_cached_group_of_pictures(site: RelaySite) -> None:
    async with site.device() as device:
        await device.open()
        await device.frames(7)
        await until(lambda: site.hub.state is State.LIVE)
        await until(lambda: site.hub.meter.frames >= 7)
        async with site.watcher() as watcher:
            await watcher.fragments(7)
            assert watcher.got.shades == [CAMERA_SHADE] * 7


async def test_every_other_way_to_watch_is_there_too(site: RelaySite) -> None:
    async with site.device() as device:
        await device.open()
        await device.frames(1)
        await until(lambda: site.hub.state is State.LIVE)
        async with asyncio.TaskGroup() as group:
            snapshot = group.create_task(site.call("GET", f"/k/{KID}/snapshot.jpg"))
            assert await device.told("jpeg_fps") == 0, "it takes the upload"
            assert await device.told("jpeg_fps") == 5
            await device.socket.send_bytes(UploadPacket(PacketKind.JPEG, jpeg(CAMERA_SHADE)).pack())
            assert jpeg_shade((await snapshot).body) == CAMERA_SHADE
        assert await device.told("jpeg_fps") == 0
        async with site.session.get(f"{site.base}/k/{KID}/live.mp4") as endless:
            assert endless.content_type == "video/mp4"
            assert device.init.segment in await endless.content.readexactly(2000)
        player = await site.call("GET", "/player/player.js")
        assert player.status == 200


@pytest.mark.parametrize("state", [State.PRIVATE, State.CLOSED, State.FAULT, State.OFF])
async def test_without_an_upload_the_device_s_own_state_is_shown(
    site: RelaySite, state: State
) -> None:
    await site.status(camera={"state": state.value, "since": "2026-11-21T11:59:00Z"})
    async with site.watcher() as watcher:
        await watcher.fragments(1)
        assert watcher.got.states[-1] == state
    snapshot = await site.call("GET", f"/k/{KID}/snapshot.jpg")
    assert (snapshot.status, snapshot.headers["Content-Type"]) == (200, "image/jpeg")


async def test_a_state_reported_later_reaches_who_watches(site: RelaySite) -> None:
    async with site.watcher() as watcher:
        await watcher.state(State.OFFLINE)
        await site.status()  # live in the kitchen, but nothing comes
        await watcher.state(State.IDLE)
        private = {"state": "private", "since": "2026-11-21T11:59:00Z"}
        await site.status(n=2, camera=private)
        await watcher.state(State.PRIVATE)


async def test_an_upload_that_breaks_is_told_at_once_and_a_gate_that_shuts_is_no_break(
    site: RelaySite,
) -> None:
    await site.status()
    async with site.watcher() as watcher:
        async with site.device() as device:
            await device.open()
            await device.frames(5)
            await watcher.state(State.LIVE)
            assert (await site.summary())["feed"] == {"arriving": True}
            assert device.socket._response.connection is not None
            transport = device.socket._response.connection.transport
            assert transport is not None
            transport.abort()
            await watcher.state(State.INTERRUPTED)
            assert watcher.got.states[-2:] == ["live", "interrupted"]
        await until_state(site, State.INTERRUPTED)
        assert (await site.summary())["feed"] == {"arriving": False}
        async with site.device() as device:
            await device.open()
            await device.frames(5)
            await watcher.state(State.LIVE)
            assert (await site.summary())["state"] == "live"
            await device.gate(State.IDLE)
            await watcher.state(State.IDLE)
        told = len(watcher.got.states)
        await watcher.fragments(len(watcher.got.samples) + 2)
        assert watcher.got.states[told:] == []


async def test_pictures_that_never_arrive_are_not_called_live(site: RelaySite) -> None:
    """As behind a proxy that lets polls through and no WebSocket."""
    await site.status()
    async with site.watcher() as watcher:
        await watcher.state(State.IDLE)
        await until_state(site, State.INTERRUPTED)
        await watcher.state(State.INTERRUPTED)
        await watcher.fragments(len(watcher.got.samples) + 1)
    snapshot = await site.call("GET", f"/k/{KID}/snapshot.jpg")
    assert (snapshot.status, snapshot.headers["Content-Type"]) == (200, "image/jpeg")


async def until_state(site: RelaySite, state: State) -> None:
    """Return once the summary says `state`."""
    async with (
        asyncio.timeout(WITHIN_S),
        site.session.get(f"{site.base}/v1/kitchens/{KID}/live") as live,
    ):
        async for line in live.content:
            if line.startswith(b"data: ") and json.loads(line[6:])["state"] == state:
                return


async def test_an_unknown_kitchen_is_404_on_every_way(site: RelaySite) -> None:
    for path in ("ws", "live.mp4", "stream.mjpg", "snapshot.jpg", "stream.m3u8"):
        assert (await site.call("GET", f"/k/nobody/{path}")).status == 404
    assert (await site.call("GET", "/v1/kitchens/nobody/feed", headers=bearer())).status == 404


async def test_a_wrong_token_is_401(site: RelaySite) -> None:
    for headers in ({}, bearer("another"), {"Authorization": "Basic x"}):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await site.session.ws_connect(site.base + FEED, headers=headers)
        assert refused.value.status == 401
    assert site.relays.hub(KID) is None


async def test_privacy_drops_everything_and_nothing_passes_after(site: RelaySite) -> None:
    async with site.device() as device, site.watcher() as watcher:
        await device.open()
        await device.frames(5)
        while not filmed(watcher.got.shades):
            await watcher.read()
        await device.gate(State.PRIVATE)
        await device.frames(10)  # a device that forgets itself: its frames are not shown
        await until(lambda: site.hub.state is State.PRIVATE)
        await watcher.state(State.PRIVATE)
        shut = len(watcher.got.segments)
        async with site.watcher() as late:
            await late.fragments(3)
            assert not filmed(late.got.shades)
        await watcher.fragments(len(watcher.got.samples) + 3)
        watcher.got.segments[:shut] = []
        assert not filmed(watcher.got.shades)


async def test_who_watched_a_line_that_fell_silent_goes_on_from_a_keyframe(site: RelaySite) -> None:
    async with site.device() as device, site.watcher() as watcher:
        await device.open()
        await device.frames(5)
        await until(lambda: site.hub.state is State.LIVE)
        await until(lambda: site.hub.state is State.INTERRUPTED)
        await device.frames(5)  # the rest of that group needs what was dropped
        await watcher.state(State.LIVE)
        assert await device.told("keyframe") is True
        await device.frames(1)
        await until(lambda: site.hub.meter.frames >= 6)


async def test_the_newest_upload_wins(site: RelaySite) -> None:
    async with site.device() as old:
        await old.open()
        await old.frames(3)
        await until(lambda: site.hub.state is State.LIVE)
        async with site.device() as new:
            assert await old.closed() == SUPERSEDED
            assert site.hub.state is not State.LIVE
            await new.open()
            await new.frames(3)
            await until(lambda: site.hub.state is State.LIVE)


async def test_a_probe_is_closed_at_once_and_a_running_upload_goes_on(site: RelaySite) -> None:
    async with site.device() as device:
        await device.open()
        await device.frames(3)
        await until(lambda: site.hub.state is State.LIVE)
        assert await probed(site) == 1000
        await device.frames(3)
        await until(lambda: site.hub.meter.frames == 6)
        assert not device.socket.closed
        assert site.hub.state is State.LIVE


async def test_a_probe_opens_no_relay(site: RelaySite) -> None:
    assert await probed(site) == 1000
    assert site.relays.hub(KID) is None


async def test_a_probe_is_authorised_as_an_upload_is(site: RelaySite) -> None:
    nobody = "/v1/kitchens/nobody/feed"
    for path, token, status in ((FEED, "another", 401), (nobody, TOKEN, 404)):
        reply = await site.call("GET", f"{path}?probe=1", headers=bearer(token))
        assert reply.status == status
        assert reply.headers["Content-Type"] == "application/problem+json"


async def test_a_probe_that_lost_its_upgrade_on_the_way_is_400(site: RelaySite) -> None:
    reply = await site.call("GET", f"{FEED}?probe=1", headers=bearer())
    assert reply.status == 400


async def test_another_value_of_probe_is_an_upload(site: RelaySite) -> None:
    async with site.session.ws_connect(f"{site.base}{FEED}?probe=0", headers=bearer()):
        await until(lambda: site.relays.hub(KID) is not None)


async def probed(site: RelaySite) -> int | None:
    """Probe the upload; return the code that it is closed with."""
    async with site.session.ws_connect(f"{site.base}{FEED}?probe=1", headers=bearer()) as socket:
        assert (await socket.receive(timeout=WITHIN_S)).type is aiohttp.WSMsgType.CLOSE
        return socket.close_code


async def test_a_relay_that_breaks_ends_its_upload_and_the_next_one_is_seen(
    site: RelaySite,
) -> None:
    async with site.device() as old:
        await old.open()
        await old.frames(1)
        await until(lambda: site.hub.state is State.LIVE)
        broken = site.hub
        broken.add_outlet(_Broken())
        assert await old.closed() == WSCloseCode.INTERNAL_ERROR
    async with site.device() as new:
        await new.open()
        await new.frames(3)
        assert site.hub is not broken
        await until(lambda: site.hub.state is State.LIVE)


class _Broken:
    """An outlet that falls over at the second question."""

    def __init__(self) -> None:
        self._asked = 0

    @property
    def demand(self) -> Demand:
        self._asked += 1
        if self._asked > 1:
            raise RuntimeError("this outlet is broken")
        return Demand()

    def on_fragment(self, fragment: object) -> None: ...

    def on_jpeg(self, picture: object) -> None: ...

    def on_state(self, state: State) -> None: ...


GARBAGE: dict[str, list[str | bytes]] = {
    "no JSON": ["{"],
    "a deep one": ["[" * 4000],
    "no object": ["[1, 2]"],
    "no format first": ['{"gate": "open", "reason": "live"}'],
    "a packet first": [b"\0" * 20],
    "a giant picture": ['{"codec":"x","width":99999,"height":2,"fps":30,"epoch":"e"}'],
    "a short packet": ["FORMAT", b"\0"],
    "an unknown type": ["FORMAT", b"\x09" + bytes(11) + b"x"],
    "no init segment": ["FORMAT", bytes(12) + b"noise"],
    "a picture before the init": ["FORMAT", b"\x01" + bytes(11) + b"x"],
    "a fragment of noise": ["OPEN", b"\x01" + bytes(11) + b"noise" * 9],
    "no JPEG": ["OPEN", b"\x02" + bytes(11) + b"noise"],
    "offline said by a device": ["FORMAT", '{"gate": "shut", "reason": "offline"}'],
    "an open gate in private": ["FORMAT", '{"gate": "open", "reason": "private"}'],
}


@pytest.mark.parametrize("messages", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_ends_the_upload_and_harms_nobody(
    site: RelaySite, messages: list[str | bytes]
) -> None:
    async with site.watcher() as watcher, site.device() as device:
        for message in messages:
            if message == "FORMAT":
                await device.format()
            elif message == "OPEN":
                await device.open()
            elif isinstance(message, str):
                await device.socket.send_str(message)
            else:
                await device.socket.send_bytes(message)
        assert await device.closed() == 1007
        async with site.device() as good:
            await good.open()
            await good.frames(3)
            while not filmed(watcher.got.shades):
                await watcher.read()


async def test_another_codec_than_the_format_s_is_refused(site: RelaySite) -> None:
    async with site.device() as device:
        await device.format(codec="avc1.640028")
        await device.socket.send_bytes(UploadPacket(PacketKind.INIT, device.init.segment).pack())
        assert await device.closed() == 1007


async def test_a_message_too_large_is_1009(site: RelaySite) -> None:
    async with site.device() as device:
        await device.open()
        await device.socket.send_bytes(bytes(MAX_MESSAGE + 1))
        assert await device.closed() == 1009


async def test_what_a_newer_device_says_is_left_alone(site: RelaySite) -> None:
    async with site.device() as device:
        await device.open()
        await device.socket.send_str('{"weather": "fine"}')
        await device.frames(2)
        await until(lambda: site.hub.meter.frames == 2)


async def test_who_watches_the_stream_is_demand(site: RelaySite) -> None:
    async def watching(reply: dict[str, object]) -> object:
        viewers = reply["viewers"]
        assert isinstance(viewers, dict)
        return viewers["watching"]

    first = await site.poll()
    assert not await watching(first.body)
    async with asyncio.TaskGroup() as group:
        # A poll that nothing ends is answered after 28 s at the soonest.
        held = group.create_task(site.poll(first.body["cursor"], wait=MAX_WAIT_S))
        async with site.watcher():
            second = await asyncio.wait_for(held, 25)
            assert await watching(second.body)
        poll = site.poll(second.body["cursor"], wait=MAX_WAIT_S)
        third = await asyncio.wait_for(poll, 25)
        assert not await watching(third.body)


async def test_the_count_is_of_pages_whatever_they_watch_by(site: RelaySite) -> None:
    async with site.watcher(), site.watcher(), site.watcher():
        for view in range(4):
            reply = await site.call(
                "POST", f"/v1/kitchens/{KID}/watching", json={"view": f"view-{view:016}"}
            )
            assert reply.status == 204
        assert (await site.poll()).body["viewers"] == {"band": "3-9", "watching": True}
