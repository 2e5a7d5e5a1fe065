"""A smaller rendition at the relay: uploaded while it is needed, dropped when the gate shuts."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio

from likelight.contract import State
from likelight.feed.rendition import Rendition
from likelight.feed.upload.protocol import PacketKind, UploadPacket, UploadProtocolError, unpack
from likelight_cloud.relay.upload_session import UploadSession
from support.pictures import WIDTH, jpeg
from support.relay import KID, RelaySite, Uploading, beside, relay_site, uploading, wall_us
from support.waiting import WITHIN_S, until

LOW = frozenset({Rendition.LOW})


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[RelaySite]:
    async with relay_site(tmp_path / "cloud.sqlite3") as site:
        yield site


async def test_it_is_asked_of_the_device_while_somebody_needs_it(site: RelaySite) -> None:
    async with uploading(site.base) as device, site.watcher() as whole:
        device.upload.on_watched(True)
        device.live()
        async with beside(device.film()):
            await whole.fragments(20)
            assert device.hub.demand.renditions == frozenset()
            async with site.watcher("?line=slow") as slow:
                await until(lambda: device.hub.demand.renditions == LOW)
                while not any(text.get("rendition") == "low" for text in slow.got.texts):
                    await slow.read()
                await slow.read()
                await slow.read()
                await slow.ws.send_str(json.dumps({"acks": [[1, 1.0], [2, 2.0]]}))
                await slow.fragments(5)
            await until(lambda: device.hub.demand.renditions == frozenset())
            await whole.fragments(len(whole.got.samples) + 10)
    low = next(text for text in slow.got.texts if text.get("rendition") == "low")
    assert low["width"] == WIDTH // 2
    assert [text["rendition"] for text in whole.got.texts if "mime" in text][-1] == "main"
    live = whole.got.samples[-10:]
    assert all(a.decode + a.duration == b.decode for a, b in pairwise(live))


async def test_when_the_gate_shuts_the_relay_drops_every_rendition(site: RelaySite) -> None:
    async with uploading(site.base) as device, site.watcher("?line=slow") as slow:
        device.upload.on_watched(True)
        device.live()
        async with beside(device.film()):
            await until(lambda: site.hub._h264.runs(Rendition.LOW))
            device.hub.show(State.PRIVATE)
            await slow.state(State.PRIVATE)
        for line in ("", "?line=unproven", "?line=slow"):
            async with site.watcher(line) as later:
                await later.state(State.PRIVATE)
                await later.fragments(1)
                widths = {text["width"] for text in later.got.texts if "width" in text}
                size = 640 if line == "?line=slow" else 1280
                assert widths == {size}, "the placeholder's, and none of the camera's"


@pytest.mark.parametrize(("asked", "shade"), [("main", 40), ("low", 200), ("slide", 200)])
async def test_mjpeg_of_a_rendition_is_asked_of_the_device(
    site: RelaySite, asked: str, shade: int
) -> None:
    size = Rendition.MAIN if asked == "main" else Rendition.LOW
    async with uploading(site.base) as device:
        device.upload.on_watched(True)
        device.live()
        url = f"{site.base}/k/{KID}/stream.mjpg?rendition={asked}"
        async with (
            beside(device.film()),
            beside(photograph(device)),
            site.session.get(url) as stream,
        ):
            await until(lambda: device.hub.demand.jpegs == {size})
            seen = b""
            while jpeg(shade) not in seen:
                seen += await asyncio.wait_for(stream.content.readany(), WITHIN_S)
            assert jpeg(240 - shade) not in seen
        await until(lambda: device.hub.demand.jpegs == frozenset())


async def photograph(device: Uploading) -> None:
    """Make JPEGs of both sizes for ever."""
    pictures = {Rendition.MAIN: jpeg(40), Rendition.LOW: jpeg(200)}
    while True:
        for rendition, picture in pictures.items():
            device.hub.publish_jpeg(picture, captured_us=wall_us(), rendition=rendition)
        await asyncio.sleep(0.05)


def test_a_jpeg_of_slide_is_refused() -> None:
    session = UploadSession(None, on_change=list, on_picture=list)  # type: ignore[arg-type]
    with pytest.raises(UploadProtocolError):
        session.packet(UploadPacket(PacketKind.JPEG, b"\xff\xd8", rendition=Rendition.SLIDE).pack())


@pytest.mark.parametrize("rendition", Rendition)
def test_a_packet_tells_its_rendition(rendition: Rendition) -> None:
    packet = UploadPacket(PacketKind.FRAGMENT, b"moof", True, 1, rendition)
    assert unpack(packet.pack()) == packet


def test_a_packet_of_a_rendition_that_nobody_knows_is_refused() -> None:
    packet = bytearray(UploadPacket(PacketKind.FRAGMENT, b"moof").pack())
    packet[3] = 3
    with pytest.raises(UploadProtocolError):
        unpack(bytes(packet))
