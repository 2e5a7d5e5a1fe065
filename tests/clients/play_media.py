"""ffmpeg, GStreamer, mpv and VLC: pictures over PRIVACY and a restart of the camera.

`.ci/run --long` runs it, and installs them.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from likelight.contract import State
from support.feed import SHADES, kitchen
from support.pictures import CAMERA_SHADE, HEIGHT, WIDTH
from support.stage import camera

pytestmark = pytest.mark.timeout(400)
"""More than its steps may take together: then the step that fails says which picture is missing."""

PICTURE = WIDTH * HEIGHT
"""Bytes of a picture."""
SIZE = f"{WIDTH}:{HEIGHT}"
NEAR = 16
"""How far a shade may be off: some take a JPEG's range for a video's."""


def gstreamer(url: str, *demuxer_and_decoder: str) -> list[str]:
    chain = ["souphttpsrc", f"location={url}"]
    caps = f"video/x-raw,format=GRAY8,width={WIDTH},height={HEIGHT}"
    for element in (*demuxer_and_decoder, "videoconvert", "videoscale", caps, "fdsink"):
        chain += ["!", element]
    return ["gst-launch-1.0", "-q", *chain]


def command(client: str, url: str) -> list[str]:
    """Return what writes raw pictures to stdout, a byte for each pixel."""
    if client == "ffmpeg":
        words = ["ffmpeg", "-v", "error", "-i", url, "-vf", f"scale={SIZE}"]
        return [*words, "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    if client == "mpv":
        words = ["mpv", "--no-config", "--really-quiet", "--no-audio", "--of=rawvideo"]
        return [*words, "--ovc=rawvideo", "--o=-", f"--vf=scale={SIZE},format=gray", url]
    if client == "vlc":
        script = Path(__file__).with_name("vlc.py")
        return [sys.executable, str(script), url, str(WIDTH), str(HEIGHT)]
    if url.endswith("mjpg"):
        return gstreamer(url, "multipartdemux", "jpegdec")
    return gstreamer(url, "qtdemux", "h264parse", "avdec_h264")


@asynccontextmanager
async def played(client: str, url: str) -> AsyncIterator[AsyncIterator[int]]:
    """Play `url`; yield the shade of each picture as it comes."""
    process = await asyncio.create_subprocess_exec(
        *command(client, url), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    stream = process.stdout

    async def shades() -> AsyncIterator[int]:
        while True:
            picture = await stream.readexactly(PICTURE)
            yield picture[PICTURE // 2]

    try:
        yield shades()
    finally:
        process.kill()
        await process.communicate()  # what it wrote, so that its pipe closes


async def shows(shades: AsyncIterator[int], shade: int) -> None:
    """Return when ten pictures of `shade` have come in a row."""
    in_a_row = 0
    async with asyncio.timeout(60):
        async for seen in shades:
            in_a_row = in_a_row + 1 if abs(seen - shade) < NEAR else 0
            if in_a_row == 10:
                return


PLAYS = [
    *((client, "live.mp4") for client in ("ffmpeg", "gstreamer", "mpv", "vlc")),
    *((client, "stream.mjpg") for client in ("ffmpeg", "gstreamer", "mpv", "vlc")),
    *((client, "main.m3u8") for client in ("ffmpeg", "mpv")),
]


@pytest.mark.parametrize(("client", "path"), PLAYS)
async def test_it_keeps_getting_pictures(client: str, path: str) -> None:
    async with kitchen() as place, asyncio.TaskGroup() as group:
        rolling = group.create_task(camera(place))
        place.hub.set_format(WIDTH, HEIGHT, 30)
        place.hub.show(State.LIVE)
        async with played(client, f"{place.url}/k/demo/{path}") as shades:
            await shows(shades, CAMERA_SHADE)
            place.hub.show(State.PRIVATE)  # its placeholder has another size than the camera's
            await shows(shades, SHADES[State.PRIVATE])
            place.hub.show(State.LIVE)
            await shows(shades, CAMERA_SHADE)
            # The camera dies, and comes back.
            place.hub.show(State.FAULT)
            rolling.cancel()
            await shows(shades, SHADES[State.FAULT])
            rolling = group.create_task(camera(place))
            place.hub.set_format(WIDTH, HEIGHT, 30)
            place.hub.show(State.LIVE)
            await shows(shades, CAMERA_SHADE)
            rolling.cancel()
