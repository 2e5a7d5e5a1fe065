"""A USB camera, by way of V4L2 and FFmpeg: MJPEG or YUYV, decoded to be painted and encoded again.

Only the camera child imports this module.
"""

import errno
import threading
import time
from collections.abc import Iterator

import av
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.encode import planes_of
from likelight_hw.camera.latest_value import LatestValue
from likelight_hw.picture.planes import Planes
from likelight_hw.ports import HardwareError, LightFrame

_STALE_S = 2.0
"""A time stamp that makes a frame older than this comes from another clock."""
_JOIN_S = 1.0

_Size = tuple[int, int]
_Seen = tuple[av.VideoFrame, int]
"""A decoded frame, and its wall time in microseconds."""


class UsbSource:
    """Frames of the device `config.path`, brought to the size that was asked for.

    Of a device with another shape the middle is shown, never a stretched picture.

    Raises `HardwareError` when there is no such device, or when another program has it.
    """

    def __init__(self, config: CameraConfig) -> None:
        assert config.path is not None
        self._path = config.path
        self.width, self.height, self.fps = config.width, config.height, config.fps
        self._latest: LatestValue[_Seen | Exception] = LatestValue()
        self.arrivals = self._latest.wake_fd
        self._reformatter = VideoReformatter()
        self._stopping = threading.Event()
        self._reader: threading.Thread | None = None
        self._join_s = _JOIN_S
        if not self._path.exists():
            raise self._unusable("no such device; is the camera plugged in?")

    def start(self, now: float) -> None:
        self._stopping = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(self._stopping,), daemon=True)
        self._reader.start()

    def stop(self) -> None:
        # The device closes with the next frame. Where none comes, only the child's end closes it.
        self._stopping.set()
        if self._reader is not None:
            self._reader.join(self._join_s)
            if self._reader.is_alive():
                self._join_s = 0.0  # once is enough
                raise self._unusable("it does not answer")
        self._latest.take()

    def close(self) -> None:
        self.stop()

    def due(self, now: float) -> float:
        return now

    def paint(self, planes: Planes, now: float, wall_us: int, lamp: LightFrame) -> int:
        seen = self._latest.take()
        assert seen is not None
        if isinstance(seen, Exception):
            raise seen
        frame, captured_us = seen
        (width, height), at = _fit((frame.width, frame.height), (self.width, self.height))
        scaled = self._reformatter.reformat(
            frame,
            width,
            height,
            format="yuvj420p",
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BILINEAR,
        )
        planes.paste(planes_of(scaled), at)
        return captured_us

    def _read(self, stopping: threading.Event) -> None:
        """Read until `stopping`; the end of the device reaches the loop in place of a frame."""
        try:
            with self._open() as container:
                for seen in _frames(container):
                    if stopping.is_set():
                        return
                    self._latest.put(seen)
            raise self._unusable("it gives no more pictures; was it unplugged?")
        except (av.FFmpegError, OSError) as error:
            self._latest.put(self._unusable(_why(error)))
        except Exception as error:  # noqa: BLE001  the loop raises it; in this thread it would end
            self._latest.put(error)

    def _open(self) -> av.container.InputContainer:
        options = {
            "framerate": str(self.fps),
            "video_size": f"{self.width}x{self.height}",
            "timestamps": "abs",
        }
        try:
            # Raw pictures of 720p don't fit USB 2 at 30 a second.
            return self._open_as(options | {"input_format": "mjpeg"})
        except av.ArgumentError:  # EINVAL: a camera that gives raw pictures only
            return self._open_as(options)

    def _open_as(self, options: dict[str, str]) -> av.container.InputContainer:
        # As `options` the decoder would get them, too, and take the requested size for the size of
        # the raw pictures, even if the camera gives another.
        return av.open(str(self._path), format="video4linux2,v4l2", container_options=options)

    def _unusable(self, why: str) -> HardwareError:
        return HardwareError(f"can't use the USB camera {self._path}: {why}")


def _fit(given: _Size, asked: _Size) -> tuple[_Size, tuple[int, int]]:
    """Return the size at which `given` covers `asked`, and where its corner is then.

    All are even, as the chroma planes need it. What lies outside is cut off, the same on both sides
    of the middle.
    """
    scale = max(asked[0] / given[0], asked[1] / given[1])
    width, height = (2 * round(side * scale / 2) for side in given)
    left, top = (width - asked[0]) // 2, (height - asked[1]) // 2
    return (width, height), (-(left & ~1), -(top & ~1))


def _why(error: av.FFmpegError | OSError) -> str:
    if error.errno == errno.EBUSY:
        return "another program is using it"
    return error.strerror or "it can't be read"


def _frames(container: av.container.InputContainer) -> Iterator[_Seen]:
    """Yield each frame that can be decoded, and when it was taken; what is damaged is left out."""
    stream = container.streams.video[0]
    for packet in container.demux(stream):
        now = time.time()
        stamped = float(packet.pts * packet.time_base) if packet.pts and packet.time_base else 0.0
        taken = stamped if 0 <= now - stamped < _STALE_S else now
        try:
            for frame in packet.decode():
                assert isinstance(frame, av.VideoFrame)
                yield frame, int(taken * 1e6)
        except av.InvalidDataError:
            continue
