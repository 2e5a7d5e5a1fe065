"""A Raspberry Pi's camera, by way of libcamera and picamera2.

Only the camera child imports this module. picamera2 and libcamera come from apt on the Pi; they
have no types and are nowhere else, so they are imported where they are used.
"""

import contextlib
import functools
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from PIL import Image

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.latest_value import LatestValue
from likelight_hw.picture.planes import Planes
from likelight_hw.ports import HardwareError, LightFrame

log = logging.getLogger(__name__)

_CODEC = "bcm2835-codec-encode"
"""The board's H.264 encoder: Pi 3, Pi 4 and Zero 2 W have it, the Pi 5 has none."""
_OPENED = "video11"
"""The node that picamera2 opens for it (encoders/v4l2_encoder.py), whatever that node is."""
_SMALL_BOARD_MB = 600
_STALE_NS = 2_000_000_000
"""A time stamp that makes a frame older than this comes from another clock."""


def has_encoder(sysfs: Path = Path("/sys")) -> bool:
    """Return whether this board encodes H.264 in hardware, and picamera2 finds its encoder.

    bcm2835-codec asks for the number 11, and gets another when a device came before it.
    """
    _check_installed()
    nodes = (sysfs / "class/video4linux").glob("video*")
    at = {node.name for node in nodes if _name(node) == _CODEC}
    if at and _OPENED not in at:
        _tell_elsewhere(min(at))
    return _OPENED in at


def buffer_count() -> int:
    """Return how many frames libcamera may hold, each 1.4 MB at 720p.

    One is filled, one encoded, one waits. A Zero 2 W's 512 MB leave no room for more; elsewhere a
    fourth absorbs a late wake-up.
    """
    with open("/proc/meminfo", encoding="ascii") as lines:  # noqa: PTH123  a pseudo file
        total_kb = int(next(lines).split()[1])
    return 3 if total_kb < _SMALL_BOARD_MB * 1024 else 4


class Picamera:
    """libcamera's first camera, configured: I420, full range, BT.601, at a fixed frame rate.

    `lores` also has it make each frame at half the size. Raises `HardwareError` when there is no
    camera, or when another program has it.
    """

    def __init__(self, config: CameraConfig, *, lores: bool) -> None:
        _check_installed()
        import libcamera
        from picamera2 import Picamera2

        found = Picamera2.global_camera_info()
        if not found:
            raise HardwareError(
                "libcamera finds no camera; check the ribbon cable, and rpicam-hello --list-cameras"
            )
        frame_us = round(1_000_000 / config.fps)
        size = (config.width, config.height)
        with as_hardware_error("the camera can't be opened"):
            # A Picamera2 whose constructor fails never closes its descriptor, so each try would
            # leak one.
            first = libcamera.CameraManager.singleton().get(found[0]["Id"])
            first.acquire()
            first.release()
            self.driver: Any = Picamera2()
        with contextlib.ExitStack() as on_failure, as_hardware_error("the camera can't be set up"):
            on_failure.callback(self.close)
            half = {"size": _half(*size), "format": "YUV420"} if lores else None
            self.driver.configure(
                self.driver.create_video_configuration(
                    main={"size": size, "format": "YUV420"},
                    lores=half,
                    colour_space=libcamera.ColorSpace.Sycc(),
                    buffer_count=buffer_count(),
                    controls={"FrameDurationLimits": (frame_us, frame_us)},
                    display=None,
                )
            )
            on_failure.pop_all()
        streams = self.driver.camera_configuration()
        self.width, self.height = streams["main"]["size"]
        self.lores_size: tuple[int, int] | None = streams["lores"]["size"] if lores else None
        self.fps = config.fps

    def start(self) -> None:
        """Switch on. Raises `HardwareError` when the driver refuses."""
        with as_hardware_error("the camera can't be started"):
            self.driver.start()

    def close(self) -> None:
        """Switch off, and release the camera."""
        self.driver.close()

    @contextlib.contextmanager
    def planes(self, request: Any, stream: str) -> Iterator[Planes]:
        """Open a request's frame as planes in the sensor's own buffer: what is painted stays."""
        from picamera2 import MappedArray

        form = request.config[stream]
        width, height = form["size"]
        with MappedArray(request, stream, reshape=False) as mapped:
            yield _planes(memoryview(mapped.array), width, height, form["stride"])


class PicameraSource:
    """A `Source` whose frames are copied out of the sensor's buffer, for x264 on the CPU."""

    def __init__(self, config: CameraConfig) -> None:
        self.sensor = Picamera(config, lores=False)
        self.width, self.height, self.fps = self.sensor.width, self.sensor.height, config.fps
        self._latest: LatestValue[Any] = LatestValue()
        self.arrivals = self._latest.wake_fd
        self.sensor.driver.pre_callback = self._arrived

    def start(self, now: float) -> None:
        self.sensor.start()

    def stop(self) -> None:
        self.sensor.driver.stop()
        self._release(self._latest.take())

    def close(self) -> None:
        self.stop()
        self.sensor.close()

    def due(self, now: float) -> float:
        return now

    def paint(self, planes: Planes, now: float, wall_us: int, lamp: LightFrame) -> int:
        request = self._latest.take()
        assert request is not None
        with self.sensor.planes(request, "main") as frame:
            planes.paste(frame)
        captured_us = captured(request.get_metadata())
        request.release()
        return captured_us

    def _arrived(self, request: Any) -> None:
        """Keep the request from going back to the sensor; called on picamera2's thread."""
        request.acquire()
        self._release(self._latest.put(request))

    @staticmethod
    def _release(request: Any) -> None:
        if request is not None:
            request.release()


@contextlib.contextmanager
def as_hardware_error(what: str) -> Iterator[None]:
    """Turn an error of libcamera or picamera2 into a `HardwareError`: `what`, and their message."""
    try:
        yield
    except (RuntimeError, OSError) as error:
        raise HardwareError(f"{what}: {error}") from error


def _name(node: Path) -> str:
    try:
        return (node / "name").read_text().strip()
    except OSError:
        return ""


@functools.cache
def _tell_elsewhere(node: str) -> None:
    """Log once that the encoder is at `node`, where picamera2 does not look."""
    log.warning(
        "The board's H.264 encoder is /dev/%s, and picamera2 opens only /dev/%s: the processor"
        " encodes instead; unplug the video device that came first, or start again",
        node,
        _OPENED,
    )


def _check_installed() -> None:
    try:
        import picamera2  # noqa: F401  loaded once, for all that follows
    except ImportError as error:
        raise HardwareError(
            f"picamera2 can't be loaded ({error}); `sudo apt install python3-picamera2` has it"
        ) from error


def captured(metadata: dict[str, Any]) -> int:
    """Return the wall time, in microseconds, of a request's first line on the sensor."""
    return wall_us(int(metadata.get("SensorTimestamp", 0)))


def wall_us(sensor_ns: int) -> int:
    """Return the wall time, in microseconds, of a sensor's time stamp (CLOCK_BOOTTIME)."""
    age = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - sensor_ns
    return (time.time_ns() - (age if 0 <= age < _STALE_NS else 0)) // 1000


def _planes(memory: memoryview, width: int, height: int, stride: int) -> Planes:
    """Return I420 frames in `memory` as paintable planes: nothing is copied."""
    luma, chroma = stride * height, stride // 2 * (height // 2)
    parts = (
        (0, luma, (width, height), stride),
        (luma, chroma, (width // 2, height // 2), stride // 2),
        (luma + chroma, chroma, (width // 2, height // 2), stride // 2),
    )
    images = []
    for at, length, size, step in parts:
        part = cast(bytes, memory[at : at + length])
        image = Image.frombuffer("L", size, part, "raw", "L", step, 1)
        image.readonly = 0  # Pillow maps foreign memory for reading only; see encode.planes_of
        images.append(image)
    return Planes(*images)


def _half(width: int, height: int) -> tuple[int, int]:
    return width // 4 * 2, height // 4 * 2
