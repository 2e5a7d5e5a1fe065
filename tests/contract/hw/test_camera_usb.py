"""A USB camera, through FFmpeg's own V4L2 code, on a device that is faked below it.

The device is support/fake_camera.c, preloaded under the camera's process.
"""

import asyncio
import fcntl
import io
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from likelight_hw.camera.config import CameraConfig
from likelight_hw.ports import CameraPhase
from support.camera import Decoder, Recorder, running
from support.camera_pictures import jpeg_image, luma, mean
from support.fake_camera import build, environment
from support.masked import MASKS, peeps_out
from support.waiting import WITHIN_S

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="the fake camera is C: no cc")

LEFT, RIGHT = (0.0, 0.3, 0.4, 1.0), (0.6, 0.3, 1.0, 1.0)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("camera"))


def compressed() -> bytes:
    picture = Image.new("L", (1280, 720), 40)
    picture.paste(200, (640, 0, 1280, 720))
    return as_jpeg(picture)


def raw() -> bytes:
    """Return YUYV; its luma goes from 16 to 235."""
    dark, bright = (16 + level * 219 // 255 for level in (40, 200))
    return (bytes([dark, 128] * 640) + bytes([bright, 128] * 640)) * 720


@pytest.fixture
def device(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of a camera that sees a dark left half and a bright right one."""
    path = tmp_path / "video0"
    path.write_bytes(compressed())
    for name, value in environment(library, path, 30).items():
        monkeypatch.setenv(name, value)
    return path


@contextmanager
def held(device: Path) -> Iterator[None]:
    """Keep the camera busy, as another program that reads it."""
    with device.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def config(device: Path, *, masked: bool = False) -> CameraConfig:
    return CameraConfig("usb", device, 640, 360, badge=None, masks=MASKS if masked else ())


def words(sink: Recorder) -> str:
    """Return why the camera is in trouble."""
    return sink.statuses[-1].reason or ""


@pytest.mark.parametrize("sees", [compressed, raw])
async def test_what_v4l2_delivers_is_scaled_and_leaves_as_h264_and_jpeg(
    device: Path, sees: Callable[[], bytes]
) -> None:
    device.write_bytes(sees())
    async with running(config(device)) as (camera, sink):
        camera.jpeg_rate(5)
        camera.start()
        decoder = Decoder()
        units = await sink.more_units(5)
        await sink.until(lambda: bool(sink.jpegs))
        shown = luma(decoder.decode(units[0].data))
    assert shown.size == (640, 360), "as asked, whatever the device gives"
    for picture in (shown, jpeg_image(sink.jpegs[-1].data).convert("L")):
        assert mean(picture, LEFT) == pytest.approx(40, abs=12)
        assert mean(picture, RIGHT) == pytest.approx(200, abs=12)
    taken = [unit.captured_us for unit in sink.units]
    assert taken == sorted(taken)
    assert abs(taken[-1] / 1e6 - time.time()) < 60, "by the wall clock, not the device's"


def in_yuyv(picture: Image.Image) -> bytes:
    """Return a grey picture as YUYV; its luma goes from 16 to 235."""
    return b"".join(bytes([16 + level * 219 // 255, 128]) for level in picture.tobytes())


def as_jpeg(picture: Image.Image) -> bytes:
    jpeg = io.BytesIO()
    picture.convert("RGB").save(jpeg, "JPEG")
    return jpeg.getvalue()


# What the camera sees: a square in the middle, and stripes at the edges that are cut off.
UPRIGHT = ((640, 480), (260, 180, 380, 300), ((0, 0, 640, 40), (0, 440, 640, 480)))
WIDE = ((1280, 540), (550, 180, 730, 360), ((0, 0, 100, 540), (1180, 0, 1280, 540)))


@pytest.mark.parametrize("encode", [as_jpeg, in_yuyv])
@pytest.mark.parametrize("sees", [UPRIGHT, WIDE])
async def test_of_a_camera_of_another_shape_the_middle_is_shown_and_never_stretched(
    device: Path,
    library: Path,
    monkeypatch: pytest.MonkeyPatch,
    sees: tuple[tuple[int, int], tuple[int, int, int, int], tuple[tuple[int, int, int, int], ...]],
    encode: Callable[[Image.Image], bytes],
) -> None:
    size, square, stripes = sees
    for name, value in environment(library, device, 30, size).items():
        monkeypatch.setenv(name, value)
    seen = Image.new("L", size, 40)
    for bright in (square, *stripes):
        seen.paste(200, bright)
    device.write_bytes(encode(seen))
    async with running(config(device)) as (camera, sink):
        camera.start()
        unit = await sink.next_keyframe()
        shown = luma(Decoder().decode(unit.data))
    assert shown.size == (640, 360)
    assert shown.point(lambda level: 255 * (level > 120)).getbbox() == pytest.approx(
        (260, 120, 380, 240), abs=2
    )


async def test_masks_cover_what_a_usb_camera_sees(device: Path) -> None:
    async with running(config(device, masked=True)) as (camera, sink):
        camera.start()
        unit = await sink.next_keyframe()
        picture = luma(Decoder().decode(unit.data))
    assert not peeps_out(picture)


async def test_a_camera_that_another_program_holds_comes_back_when_it_is_let_go(
    device: Path,
) -> None:
    async with running(config(device)) as (camera, sink):
        with held(device):
            camera.start()
            await sink.until(lambda: CameraPhase.FAILED in sink.phases)
            assert "another program is using it" in words(sink)
        await sink.until(lambda: sink.phases[-1] is CameraPhase.STREAMING)


async def test_a_camera_that_has_stopped_is_free_for_others(device: Path) -> None:
    async with running(config(device)) as (camera, sink):
        camera.start()
        await sink.until(lambda: sink.phases[-1] is CameraPhase.STREAMING)
        camera.stop()
        with device.open("rb") as file:
            async with asyncio.timeout(WITHIN_S):
                await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)


async def test_a_camera_that_is_unplugged_comes_back_when_it_is_plugged_in(device: Path) -> None:
    async with running(config(device)) as (camera, sink):
        camera.start()
        await sink.until(lambda: sink.phases[-1] is CameraPhase.STREAMING)
        unplugged = device.rename(device.with_name("unplugged"))
        picture = unplugged.read_bytes()
        unplugged.unlink()
        await sink.until(lambda: sink.phases[-1] is CameraPhase.FAILED)
        device.write_bytes(picture)
        await sink.until(lambda: sink.phases[-1] is CameraPhase.STREAMING)
