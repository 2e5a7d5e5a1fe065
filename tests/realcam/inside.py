"""Our camera child on the real picamera2 and libcamera, in the chroot of build-root.sh.

Run there by test_realcam.py, on Python 3.13. The sensor is libcamera's virtual pipeline, whose
test pattern scrolls; everything above it is what runs on a Raspberry Pi.
"""

import contextlib
import itertools
import socket
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.parent import Parent
from likelight_hw.camera.probe import probe
from likelight_hw.camera.wire import (
    CameraMessage,
    DesiredState,
    pack_desired_state,
    unpack_access_unit,
    unpack_jpeg,
)
from likelight_hw.child.packets import Unpacker
from likelight_hw.picture.mask import Polygon
from likelight_hw.ports import AccessUnit, CameraPhase, HardwareError, Jpeg, Rendition
from support.busy import BUSY
from support.camera import SPECS, Decoder, running
from support.camera_pictures import jpeg_image, luma, nal_units

MAIN, LOW, SLIDE = Rendition
MASK: Polygon = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
INNER = (0.27, 0.27, 0.73, 0.73)
"""Inside the mask, and clear of what the codec smears over its edge."""
CONFIG = CameraConfig(driver="picamera2", badge=None)


old_daemons = pytest.mark.filterwarnings("ignore:setDaemon:DeprecationWarning")
"""picamera2's threads still say it the old way."""


def spread(image: Image.Image, box: tuple[float, float, float, float]) -> int:
    """Return how far apart the darkest and the brightest pixel of an "L" image's `box` are."""
    x0, y0, x1, y1 = box
    part = image.crop(
        (
            int(x0 * image.width),
            int(y0 * image.height),
            int(x1 * image.width),
            int(y1 * image.height),
        )
    )
    low, high = part.getextrema()
    return int(high) - int(low)  # type: ignore[arg-type]


def moved(before: Image.Image, after: Image.Image) -> bool:
    return before.tobytes() != after.tobytes()


async def test_frames_at_the_beat_of_thirty_a_second_that_decode() -> None:
    await probe(CONFIG)
    async with running(CONFIG, SPECS) as (camera, sink):
        assert not camera.simulated
        camera.start()
        await sink.next_keyframe()
        units = await sink.more_units(60)
        age_s = time.time() - units[-1].captured_us / 1e6
        assert 0 <= age_s < BUSY, "the sensor's time stamp became wall time"
        assert [spec.name for spec in sink.placeholders] == ["private", "idle"]
        assert (sink.formats[0].width, sink.formats[0].height) == (1280, 720)
        assert not sink.formats[0].simulated
        decoder = Decoder()
        pictures = [luma(decoder.decode(unit.data)) for unit in sink.units[: len(units)]]
        assert all(picture.size == (1280, 720) for picture in pictures)
        assert moved(pictures[0], pictures[-1])
        # A machine that is busy may miss frames, but the sensor's beat stays: 30 a second.
        beats = [(b.captured_us - a.captured_us) * 30 / 1e6 for a, b in itertools.pairwise(units)]
        off = [abs(beat - max(round(beat), 1)) for beat in beats]
        assert statistics.median(off) < 0.1, "the frame rate is fixed"
        assert {7, 8, 5} <= set(nal_units(sink.units[0].data)), "SPS and PPS are in the stream"


async def test_a_keyframe_on_request_and_jpegs_only_by_request() -> None:
    async with running(CONFIG) as (camera, sink):
        camera.start()
        await sink.next_keyframe()
        await sink.more_units(5)
        assert sink.jpegs == []
        camera.keyframe()
        seen = len(sink.units)
        await sink.next_keyframe()
        assert len(sink.units) - seen < 15, "much sooner than the next regular one"
        camera.jpeg_rate(10)
        await sink.until(lambda: len(sink.jpegs) >= 5)
        assert jpeg_image(sink.jpegs[0].data).size == (1280, 720)
        assert spread(jpeg_image(sink.jpegs[0].data).convert("L"), INNER) > 60


async def test_no_masked_pixel_leaves() -> None:
    config = CameraConfig(driver="picamera2", badge=None, masks=(MASK,))
    async with running(config) as (camera, sink):
        camera.jpeg_rate(10)
        camera.start()
        await sink.until(lambda: len(sink.units) >= 30 and len(sink.jpegs) >= 3)
        decoder = Decoder()
        pictures = [luma(decoder.decode(unit.data)) for unit in sink.units[:30]]
        assert moved(pictures[0], pictures[-1])
        for picture in pictures:
            assert spread(picture, (0, 0, 1, 1)) > 60
            assert spread(picture, INNER) <= 6
        for jpeg in sink.jpegs[:3]:
            assert spread(jpeg_image(jpeg.data).convert("L"), INNER) <= 6


async def test_twenty_starts_and_stops() -> None:
    async with running(CONFIG) as (camera, sink):
        for count in range(1, 21):
            camera.start()
            await sink.until(lambda count=count: len(sink.formats) == count)  # type: ignore[misc]
            unit = await sink.next_keyframe()
            Decoder().decode(unit.data)
            camera.stop()
        await sink.until(lambda: sink.phases[-1] is CameraPhase.STOPPED)
        assert CameraPhase.FAILED not in sink.phases
        assert camera.restarts == 0


async def test_a_pi_without_a_camera_gets_a_list_of_what_to_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIBCAMERA_PIPELINES_MATCH_LIST", "uvcvideo")
    with pytest.raises(HardwareError, match="finds no camera; check the ribbon cable"):
        await probe(CONFIG)


@old_daemons
def test_an_encoder_of_picamera2_gets_masked_frames_only(request: pytest.FixtureRequest) -> None:
    """board_encoder.py with picamera2's x264 in place of the board's encoder: the same calls."""
    from picamera2.encoders import LibavH264Encoder

    from likelight_hw.camera.board_encoder import HardwareCamera
    from likelight_hw.camera.encode import PaintedPicture

    config = CameraConfig(driver="picamera2", badge=None, masks=(MASK,))
    asked: list[object] = []

    class Encoder(LibavH264Encoder):  # type: ignore[misc]  # picamera2 has no types
        def force_key_frame(self) -> None:
            # Its own tells PyAV "I", where PyAV 18 wants a number.
            asked.append(self)

    camera = HardwareCamera(config, encoder=Encoder)
    request.addfinalizer(camera.close)
    camera.arrivals.setblocking(True)
    camera.arrivals.settimeout(20)
    units: list[AccessUnit] = []

    def read_until(met: Callable[[], bool]) -> None:
        limit = time.monotonic() + 30
        while not met():
            assert time.monotonic() < limit
            camera.arrivals.recv(1, 2)  # MSG_PEEK: wait for the wake-up byte, and leave it there
            units.extend(camera.units())

    for _ in range(3):
        units.clear()
        camera.start()
        read_until(lambda: len(units) >= 20)
        decoder = Decoder()
        pictures = [luma(decoder.decode(unit.data)) for unit in units[:20]]
        assert units[0].keyframe
        assert {7, 8, 5} <= set(nal_units(units[0].data))
        assert moved(pictures[0], pictures[-1])
        assert all(spread(picture, INNER) <= 6 for picture in pictures)
        assert 0 <= time.time() * 1e6 - units[-1].captured_us < BUSY * 1e6

        camera.keyframe()
        assert asked.pop()

        small = PaintedPicture(*camera.small)
        assert camera.small == (640, 360)
        camera.want_picture()
        taken: list[int] = []

        def picture_came() -> bool:
            at = camera.picture(small)  # noqa: B023
            if at is not None:
                taken.append(at)  # noqa: B023
            return bool(taken)  # noqa: B023

        read_until(picture_came)
        assert spread(small.planes.y, (0, 0, 1, 1)) > 60
        assert spread(small.planes.y, INNER) == 0
        camera.stop()


@old_daemons
def test_the_board_makes_low_slide_and_jpegs_of_its_second_picture(
    request: pytest.FixtureRequest,
) -> None:
    """The `lores` of picamera2, which a Pi's ISP scales; with x264 in place of the encoder."""
    from picamera2.encoders import LibavH264Encoder

    from likelight_hw.camera.board_encoder import HardwareCamera, HardwarePipeline

    config = CameraConfig(driver="picamera2", badge=None, masks=(MASK,))
    ours, childs = socket.socketpair()
    request.addfinalizer(ours.close)
    request.addfinalizer(childs.close)
    parent = Parent(childs)
    pipeline = HardwarePipeline(HardwareCamera(config, encoder=LibavH264Encoder), parent)
    request.addfinalizer(pipeline.release)
    small = frozenset({LOW, SLIDE})
    wanted = DesiredState(stream=1, renditions=small, jpeg_fps=10, jpegs=frozenset({MAIN, LOW}))
    ours.sendall(pack_desired_state(wanted))
    parent.wait(20)
    pipeline.open(1)
    ours.setblocking(False)
    unpacker = Unpacker()
    units: list[AccessUnit] = []
    jpegs: list[Jpeg] = []
    limit = time.monotonic() + 30
    while sum(unit.rendition is SLIDE for unit in units) < 3 or len(jpegs) < 4:
        assert time.monotonic() < limit
        assert pipeline.wait(1)
        pipeline.take()
        with contextlib.suppress(BlockingIOError):
            for packet in unpacker.feed(ours.recv(1 << 20)):
                if packet.kind == CameraMessage.ACCESS_UNIT:
                    units.append(unpack_access_unit(packet))
                elif packet.kind == CameraMessage.JPEG:
                    jpegs.append(unpack_jpeg(packet))
    pipeline.close()
    mains = [unit.captured_us for unit in units if unit.rendition is MAIN]
    for rendition in small:
        decoder = Decoder()
        of_one = [unit for unit in units if unit.rendition is rendition]
        assert of_one[0].keyframe
        for unit in of_one:
            picture = luma(decoder.decode(unit.data))
            assert picture.size == (640, 360)
            assert spread(picture, (0, 0, 1, 1)) > 60
            if unit.captured_us < mains[-1]:  # its encoder may be behind
                assert min(abs(unit.captured_us - main) for main in mains) < 17_000
    assert {jpeg.rendition for jpeg in jpegs} == {MAIN, LOW}
    for jpeg in jpegs:
        assert jpeg_image(jpeg.data).size == (640, 360), "of the one second picture"
        assert spread(jpeg_image(jpeg.data).convert("L"), INNER) <= 6


@old_daemons
def test_the_driver_leaves_no_descriptor_behind(request: pytest.FixtureRequest) -> None:
    from likelight_hw.camera.picamera import PicameraSource

    source = PicameraSource(CONFIG)
    request.addfinalizer(source.sensor.driver.close)

    def round_trip() -> None:
        source.start(0.0)
        source.arrivals.setblocking(True)
        source.arrivals.recv(1, 2)
        source.stop()

    round_trip()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        round_trip()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


@old_daemons
def test_a_camera_that_somebody_else_has_is_had_once_it_is_free() -> None:
    from picamera2 import Picamera2

    from likelight_hw.camera.picamera import PicameraSource

    somebody = Picamera2()

    def refused() -> int:
        with pytest.raises(HardwareError, match=r"the camera can't be opened: .*[Bb]usy"):
            PicameraSource(CONFIG)
        return len(list(Path("/proc/self/fd").iterdir()))

    before = refused()
    # `somebody` begins to listen in a thread of its own, with descriptors of its own.
    assert [refused() for _ in range(20)][-1] < before + 5
    somebody.close()
    source = PicameraSource(CONFIG)
    source.start(0.0)
    source.arrivals.setblocking(True)
    source.arrivals.settimeout(20)
    source.arrivals.recv(1, 2)
    source.close()
    PicameraSource(CONFIG).close()


@old_daemons
def test_a_driver_that_fails_leaves_the_camera_for_the_next_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from picamera2 import Picamera2

    from likelight_hw.camera.picamera import PicameraSource

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("Device or resource busy")

    with monkeypatch.context() as patched:
        patched.setattr(Picamera2, "configure", fails)
        with pytest.raises(HardwareError, match="the camera can't be set up: Device or resource"):
            PicameraSource(CONFIG)
        patched.undo()
        patched.setattr(Picamera2, "start_", fails)
        source = PicameraSource(CONFIG)
        with pytest.raises(HardwareError, match="the camera can't be started: Device or resource"):
            source.start(0.0)
        source.close()
    source = PicameraSource(CONFIG)
    source.start(0.0)
    source.close()
