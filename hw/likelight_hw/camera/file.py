"""A video file as a camera: decoded, scaled to 720p at most, looped at its own pace.

Only the camera child imports this module.
"""

from collections.abc import Iterator
from fractions import Fraction

import av
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from PIL import Image

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.encode import planes_of
from likelight_hw.picture.planes import Planes
from likelight_hw.ports import HardwareError, LightFrame

_BOX = (1280, 720)
_MAX_FPS = 60
_HOLD_S = 0.2
"""A slide show repeats its picture this often: without one the camera would count as hung."""
_MAX_LAG_S = 0.5
"""When it is later than this, the file plays slower; else it would skip ever more frames."""
_MAX_STEP_S = 5.0
"""A longer gap between two frames is a broken time stamp."""

_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    -180: Image.Transpose.ROTATE_180,
    -90: Image.Transpose.ROTATE_270,
}


class FileSource:
    """Plays `config.path` for ever. Raises `HardwareError` when it can't."""

    arrivals = None

    def __init__(self, config: CameraConfig) -> None:
        assert config.path is not None
        self._path = config.path
        self._turn: Image.Transpose | None = None
        self._scaled = (0, 0)
        self._reformatter = VideoReformatter()
        self.fps = 25
        self._measure(min(_BOX[0], config.width), min(_BOX[1], config.height))
        self._frames: Iterator[tuple[float, av.VideoFrame]] = iter(())
        self._next: tuple[float, av.VideoFrame] | None = None
        self._shown: Planes | None = None
        self._shown_at = 0.0
        self._began = 0.0

    def start(self, now: float) -> None:
        self._frames = self._play()
        self._next = None
        self._shown = None
        self._began = now

    def stop(self) -> None:
        self._frames = iter(())
        self._next = None
        self._shown = None

    def close(self) -> None:
        self.stop()

    def due(self, now: float) -> float:
        while self._next is None or self._began + self._next[0] < now - 1 / self.fps:
            if self._next and now - self._began - self._next[0] > _MAX_LAG_S:
                self._began = now - self._next[0]
                break
            self._next = next(self._frames)
        at = max(self._began + self._next[0], self._shown_at + 1 / _MAX_FPS)
        return min(at, self._shown_at + _HOLD_S) if self._shown else at

    def paint(self, planes: Planes, now: float, wall_us: int, lamp: LightFrame) -> int:
        if self._next and (self._shown is None or now >= self._began + self._next[0]):
            self._shown = self._canonical(self._next[1])
            self._next = None
        assert self._shown is not None
        self._shown_at = now
        planes.paste(self._shown)
        return wall_us

    def _measure(self, max_width: int, max_height: int) -> None:
        """Read rate, size and turn from the file's first frame."""
        with self._open() as container:
            stream = container.streams.video[0]
            rate = stream.average_rate or stream.guessed_rate or Fraction(25)
            self.fps = min(max(round(rate), 5), _MAX_FPS)
            frame = next(_decoded(container), None)
            if frame is None:
                raise self._unreadable("its video can't be decoded")
            shape = stream.sample_aspect_ratio or Fraction(1)
        self._turn = _TURNS.get(frame.rotation)
        sideways = frame.rotation in (90, -90)
        limits = (max_height, max_width) if sideways else (max_width, max_height)
        self._scaled = _fit(frame.width * float(shape), frame.height, *limits)
        self.width, self.height = self._scaled[::-1] if sideways else self._scaled

    def _canonical(self, frame: av.VideoFrame) -> Planes:
        """Return the frame at our size, in I420, full range, BT.601, the right way up."""
        scaled = self._reformatter.reformat(
            frame,
            *self._scaled,
            format="yuvj420p",
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.AREA,
        )
        planes = planes_of(scaled)
        if self._turn is None:
            return planes
        return Planes(*(plane.transpose(self._turn) for plane in planes))

    def _play(self) -> Iterator[tuple[float, av.VideoFrame]]:
        """Yield every frame with its time, which only ever grows, through all loops.

        Opening the file again for each loop works for every container, and keeps nothing.
        """
        clock = 0.0
        while True:
            last: float | None = None
            frames = 0
            with self._open() as container:
                for frame in _decoded(container):
                    step = 1 / self.fps
                    if frame.time is not None and last is not None:
                        measured = frame.time - last
                        step = measured if 0 < measured < _MAX_STEP_S else step
                    last = frame.time
                    clock += step
                    frames += 1
                    yield clock, frame
            if not frames:
                raise self._unreadable("its video can't be decoded")

    def _open(self) -> av.container.InputContainer:
        path = self._path
        if path.exists() and not path.is_file():
            raise self._unreadable("not a file")
        try:
            # A playlist must not make the camera process open a network connection.
            container = av.open(f"file:{path}", options={"protocol_whitelist": "file"})
        except FileNotFoundError:
            raise self._unreadable("no such file") from None
        except PermissionError:
            raise self._unreadable("permission denied") from None
        except (av.FFmpegError, OSError, ValueError):
            raise self._unreadable("not a video") from None
        teletype = container.format.name == "tty"  # FFmpeg opens any text file as this
        if teletype or not container.streams.video:
            container.close()
            raise self._unreadable("not a video" if teletype else "there is no video in it")
        return container

    def _unreadable(self, why: str) -> HardwareError:
        return HardwareError(f"can't read {self._path}: {why}")


def _decoded(container: av.container.InputContainer) -> Iterator[av.VideoFrame]:
    """Yield the frames of the first video stream; what is damaged is left out."""
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            yield from packet.decode()
        except StopIteration:
            return
        except av.InvalidDataError:
            continue


def _fit(width: float, height: float, max_width: int, max_height: int) -> tuple[int, int]:
    """Return even width and height within the limits, of the same shape, never larger."""
    scale = min(1.0, max_width / width, max_height / height)
    return max(16, _even(width * scale)), max(16, _even(height * scale))


def _even(length: float) -> int:
    return int(length / 2 + 0.01) * 2
