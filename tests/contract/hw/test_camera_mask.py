"""Nothing under a privacy mask leaves: not the camera's process, nor a device by any way out."""

import asyncio
import io
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import av
import pytest
from PIL import Image

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.encode import JpegEncoder, PaintedPicture
from likelight_hw.camera.latest_value import LatestValue
from likelight_hw.camera.usb import UsbSource
from likelight_hw.ports import DARK, HardwareError, LightFrame
from likelight_hw.sim.kitchen import KitchenScene
from support.camera import Decoder, running
from support.camera_pictures import jpeg_image, luma
from support.demo import command, free_port
from support.masked import MASKS, moves_inside, peeps_out
from support.waiting import WITHIN_S

WHITE = LightFrame(1.0, (255, 255, 255))


def kitchen_jpegs(count: int) -> Iterator[bytes]:
    """Yield pictures of the drawn kitchen, a second apart."""
    kitchen, picture, encoder = (
        KitchenScene(640, 360),
        PaintedPicture(640, 360),
        JpegEncoder(640, 360),
    )
    for second in range(count):
        kitchen.paint(picture.planes, 1.7e9 + second, DARK)
        yield encoder.encode(picture)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a film of the drawn kitchen: each frame a second of it."""
    path = tmp_path_factory.mktemp("clip") / "kitchen.mjpeg"
    path.write_bytes(b"".join(kitchen_jpegs(8)))
    return path


def config(driver: str, clip: Path, *, masked: bool) -> CameraConfig:
    masks = MASKS if masked else ()
    if driver == "file":
        return CameraConfig("file", clip, 640, 360, masks=masks)
    return CameraConfig(width=640, height=360, masks=masks)


async def pictures(settings: CameraConfig) -> tuple[list[Image.Image], list[Image.Image]]:
    """Return what a child's H.264 and its JPEGs show, over more than a second."""
    async with running(settings) as (camera, sink):
        camera.show_lamp(WHITE)
        camera.jpeg_rate(15)
        camera.start()
        await sink.until(lambda: len(sink.units) >= 40 and len(sink.jpegs) >= 15)
        decoder = Decoder()
        decoded = [luma(decoder.decode(unit.data)) for unit in sink.units]
        return decoded, [jpeg_image(jpeg.data) for jpeg in sink.jpegs]


@pytest.mark.parametrize("driver", ["sim", "file"])
async def test_no_masked_pixel_leaves_the_camera_child(driver: str, clip: Path) -> None:
    for shown in await pictures(config(driver, clip, masked=True)):
        assert not any(map(peeps_out, shown))
    for shown in await pictures(config(driver, clip, masked=False)):
        assert all(map(peeps_out, shown))
        # The last of a film that begins anew may be its first again.
        assert any(moves_inside(shown[0], later) for later in shown), "there was something to hide"


@asynccontextmanager
async def device(tmp_path: Path, more: str = "") -> AsyncIterator[tuple[str, Path]]:
    """Run `likelight run` with masks; give its address and its configuration."""
    port = free_port()
    settings = tmp_path / "likelight.toml"
    corners = [[list(corner) for corner in mask] for mask in MASKS]
    settings.write_text(
        f'state_dir = "{tmp_path / "state"}"\n[web]\nport = {port}\n'
        f"[camera]\nwidth = 640\nheight = 360\nmasks = {corners}\n{more}\n"
    )
    process = await asyncio.create_subprocess_exec(
        *command("run", "--config", str(settings)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(WITHIN_S):
            await process.stdout.readline()
        yield f"http://127.0.0.1:{port}", settings
    finally:
        process.terminate()
        async with asyncio.timeout(WITHIN_S):
            await process.wait()


async def test_no_masked_pixel_leaves_a_device(tmp_path: Path) -> None:
    async with device(tmp_path) as (address, settings), aiohttp.ClientSession() as viewer:
        async with viewer.ws_connect(f"{address}/k/kitchen/ws", max_msg_size=0) as ws:
            while '"live"' not in str((await ws.receive(timeout=WITHIN_S)).data):
                pass
            ways = (_socket, _mp4, _hls, _mjpeg_and_snapshot)
            fetched = await asyncio.gather(*(way(viewer, address) for way in ways))
            for way, shown in zip(ways, fetched, strict=True):
                assert shown, way
                assert not any(map(peeps_out, shown)), way
            await _the_preview_shows_the_masks_under_a_grid(settings, tmp_path)


async def _socket(viewer: aiohttp.ClientSession, address: str) -> list[Image.Image]:
    got: list[bytes] = []
    async with viewer.ws_connect(f"{address}/k/kitchen/ws", max_msg_size=0) as ws:
        while len(got) < 40:
            message = await ws.receive(timeout=WITHIN_S)
            if message.type is aiohttp.WSMsgType.BINARY:
                got.append(message.data)
    return _decoded(b"".join(got))


async def _mp4(viewer: aiohttp.ClientSession, address: str) -> list[Image.Image]:
    async with viewer.get(f"{address}/k/kitchen/live.mp4") as reply:
        stream = bytearray()
        while stream.count(b"moof") < 40:
            stream += await reply.content.readany()
    return _decoded(bytes(stream[: stream.rindex(b"moof") - 4]))


async def _hls(viewer: aiohttp.ClientSession, address: str) -> list[Image.Image]:
    """Watch the newest parts from an independent one on; older ones may be an idle kitchen's."""
    start = f"{address}/k/kitchen/stream.m3u8"
    async with viewer.get(start) as reply:
        media = urljoin(start, (await reply.text()).splitlines()[3])
    async with asyncio.timeout(WITHIN_S):
        playlist = ""
        while playlist.count("INDEPENDENT=YES") < 2:
            async with viewer.get(media) as reply:
                playlist = await reply.text()
            await asyncio.sleep(0.2)
    newest = playlist[playlist.rindex("DURATION", 0, playlist.rindex("INDEPENDENT=YES")) :]
    uris = [
        *re.findall(r'#EXT-X-MAP:URI="([^"]+)"', playlist)[-1:],
        *re.findall(r'DURATION=[^\n]*?URI="([^"]+)"', newest),
    ]
    stream = b""
    for uri in uris:
        async with viewer.get(urljoin(media, uri)) as reply:
            assert reply.status == 200
            stream += await reply.read()
    return _decoded(stream)


async def _mjpeg_and_snapshot(viewer: aiohttp.ClientSession, address: str) -> list[Image.Image]:
    """Watch four pictures; a placeholder, the same bytes each time, may come before the first.

    The snapshot is taken while pictures come, or it might be that placeholder.
    """
    pictures: list[bytes] = []
    async with viewer.get(f"{address}/k/kitchen/stream.mjpg") as reply:
        stream = bytearray()
        while len(pictures) < 4:
            stream += await reply.content.readany()
            jpegs = re.findall(rb"\xff\xd8.*?\xff\xd9", bytes(stream), re.DOTALL)
            pictures = [jpeg for jpeg in jpegs if jpeg != jpegs[0]]
        async with viewer.get(f"{address}/k/kitchen/snapshot.jpg") as snapshot:
            pictures.append(await snapshot.read())
    return [jpeg_image(jpeg) for jpeg in pictures]


def _decoded(mp4: bytes) -> list[Image.Image]:
    with av.open(io.BytesIO(mp4), format="mp4") as container:
        return [luma(frame) for frame in container.decode(video=0)]


async def _the_preview_shows_the_masks_under_a_grid(settings: Path, tmp_path: Path) -> None:
    folder = tmp_path / "preview"
    folder.mkdir()
    code, words = await _preview(settings, folder / "masks.png")
    assert (code, words) == (0, f"{folder / 'masks.png'}: 640 x 360, a line at each tenth\n")
    assert list(folder.iterdir()) == [folder / "masks.png"], "only the file named is written"
    picture = Image.open(folder / "masks.png").convert("L")
    assert picture.size == (640, 360)
    # Between two lines the mask is flat; on the line at half the width, over the mask, it isn't.
    assert picture.getpixel((340, 280)) < 40  # type: ignore[operator]
    assert picture.getpixel((320, 280)) > 100  # type: ignore[operator]


async def _preview(settings: Path, out: Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command("camera", "preview", "--config", str(settings), "--out", str(out)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(WITHIN_S):
        words, _ = await process.communicate()
    return process.returncode, words.decode()


async def test_a_preview_needs_a_running_device(tmp_path: Path) -> None:
    settings = tmp_path / "likelight.toml"
    settings.write_text(f"[web]\nport = {free_port()}\n")
    code, words = await _preview(settings, tmp_path / "a.jpg")
    assert code == 69
    assert "no likelight runs" in words
    assert not (tmp_path / "a.jpg").exists()


async def test_a_real_sensor_shows_nobody_anything_before_the_crew_consents(tmp_path: Path) -> None:
    sensor = tmp_path / "video0"
    os.mkfifo(sensor)  # a process that opened it for reading would wait for a writer, and hang
    async with device(tmp_path, f'driver = "usb"\ndevice = "{sensor}"') as (address, settings):
        async with (
            aiohttp.ClientSession() as viewer,
            viewer.ws_connect(f"{address}/k/kitchen/ws") as ws,
        ):
            while '"off"' not in str((await ws.receive(timeout=WITHIN_S)).data):
                pass
        code, words = await _preview(settings, tmp_path / "a.jpg")
        assert code == 69
        assert "the camera is not on the air" in words
        assert "hasn't consented" in words
        assert not (tmp_path / "a.jpg").exists()


def test_a_missing_usb_camera_is_reported_in_words(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="no such device; is the camera plugged in"):
        UsbSource(CameraConfig("usb", tmp_path / "video9"))


def test_the_newest_picture_wins() -> None:
    letterbox: LatestValue[int] = LatestValue()
    taken: Callable[[], int | None] = letterbox.take
    assert [letterbox.put(n) for n in (1, 2, 3)] == [None, 1, 2]
    assert letterbox.wake_fd.recv(1) == b"!"
    assert (taken(), taken()) == (3, None)
    letterbox.put(4)
    assert letterbox.wake_fd.recv(1) == b"!", "it is readable again"
