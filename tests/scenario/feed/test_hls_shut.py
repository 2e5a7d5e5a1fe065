"""LL-HLS and a gate that shuts: at whatever frame it does, no byte of the camera is served then."""

import asyncio

import pytest

from likelight.contract import State
from likelight.feed.hls.hls import Hls
from likelight.feed.jpegs import JpegPicture
from likelight.feed.outlets import Demand
from likelight.feed.ring import Fragment
from support.feed import Demands, hub_with_placeholders
from support.hls import Camera
from support.virtual import run_virtual


class Published:
    """Keeps the payload of all that the hub publishes; an outlet that wants nothing itself."""

    demand = Demand()

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    def on_fragment(self, fragment: Fragment) -> None:
        self.payloads.append(fragment.payload)

    def on_jpeg(self, picture: JpegPicture) -> None: ...

    def on_state(self, state: State) -> None: ...


# A part has 14 or 16 frames and a segment 60: wherever in a part a shut falls, one of these does.
@pytest.mark.parametrize("frames", range(145, 166))
def test_what_is_served_after_a_shut_is_the_placeholder_byte_for_byte(frames: int) -> None:
    async def scenario() -> None:
        hub, published = hub_with_placeholders(Demands()), Published()
        hls = Hls(hub, epoch="e")
        assert await hls.part(0, 0) is None  # to ask is to watch
        hub.add_outlet(published)
        camera = Camera(hub)
        camera.roll(frames)
        first = hls._window.last_number + 1
        published.payloads.clear()
        hub.show(State.PRIVATE)
        camera.roll(60)  # it does not know yet
        async with asyncio.TaskGroup() as group:
            running = group.create_task(hub.run())
            await hls.playlist(first, 1)
            running.cancel()
        *gone, segment = hls._window.listed
        assert gone
        assert not any(part.body for each in gone for part in each.parts)
        served = b"".join(part.body for part in segment.parts)
        assert served
        assert b"".join(published.payloads).startswith(served)
        assert all(hls.segment(number) is None for number in range(first))

    run_virtual(scenario())
