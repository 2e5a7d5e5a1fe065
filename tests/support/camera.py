"""For tests with a real camera child: a sink that remembers, and a decoder."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import av
from av.video.codeccontext import VideoCodecContext

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.process import CameraProcess
from likelight_hw.camera.timeouts import CameraTimeouts
from likelight_hw.ports import (
    AccessUnit,
    CameraPhase,
    CameraStatus,
    DrawnPlaceholder,
    Jpeg,
    PlaceholderSpec,
    StreamFormat,
)
from support.waiting import WITHIN_S

Event = StreamFormat | AccessUnit | Jpeg | DrawnPlaceholder | CameraStatus


SPECS = (
    PlaceholderSpec(
        "private", "The crew is taking a private moment.", (255, 249, 240), (34, 30, 26), "SIM"
    ),
    PlaceholderSpec("idle", "Waking the camera…", (23, 20, 17), (255, 243, 226)),
)


class Recorder:
    """A `CameraSink` that keeps everything in order, and lets a test wait for it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Event()

    def on_format(self, stream: StreamFormat) -> None:
        self._add(stream)

    def on_access_unit(self, unit: AccessUnit) -> None:
        self._add(unit)

    def on_jpeg(self, jpeg: Jpeg) -> None:
        self._add(jpeg)

    def on_placeholder(self, placeholder: DrawnPlaceholder) -> None:
        self._add(placeholder)

    def on_status(self, status: CameraStatus) -> None:
        self._add(status)

    def _add(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    @property
    def units(self) -> list[AccessUnit]:
        return [event for event in self.events if isinstance(event, AccessUnit)]

    @property
    def jpegs(self) -> list[Jpeg]:
        return [event for event in self.events if isinstance(event, Jpeg)]

    @property
    def formats(self) -> list[StreamFormat]:
        return [event for event in self.events if isinstance(event, StreamFormat)]

    @property
    def placeholders(self) -> list[DrawnPlaceholder]:
        return [event for event in self.events if isinstance(event, DrawnPlaceholder)]

    @property
    def statuses(self) -> list[CameraStatus]:
        return [event for event in self.events if isinstance(event, CameraStatus)]

    @property
    def phases(self) -> list[CameraPhase]:
        return [status.phase for status in self.statuses]

    async def until(self, met: Callable[[], bool], within: float = WITHIN_S) -> None:
        """Return as soon as `met()`; raise `TimeoutError` when that takes too long."""
        async with asyncio.timeout(within):
            while not met():
                self._changed.clear()
                await self._changed.wait()

    async def more_units(self, count: int) -> list[AccessUnit]:
        """Return the next `count` access units from now on."""
        seen = len(self.units)
        await self.until(lambda: len(self.units) >= seen + count)
        return self.units[seen : seen + count]

    async def next_keyframe(self) -> AccessUnit:
        """Return the next keyframe from now on."""
        seen = len(self.units)
        await self.until(lambda: any(unit.keyframe for unit in self.units[seen:]))
        return next(unit for unit in self.units[seen:] if unit.keyframe)

    async def keyframe_after(self, captured_us: int) -> AccessUnit:
        """Return the first keyframe that was captured later than `captured_us`, in wall time.

        On a busy machine older ones may still wait in the socket.
        """

        def later() -> list[AccessUnit]:
            return [unit for unit in self.units if unit.keyframe and unit.captured_us > captured_us]

        await self.until(lambda: bool(later()))
        return later()[0]


PATIENT = CameraTimeouts(ready_s=60, first_frame_s=60, silent_s=30, hung_s=60)
"""A busy machine's child that is late has not failed."""


@contextlib.asynccontextmanager
async def running(
    config: CameraConfig,
    specs: Sequence[PlaceholderSpec] = (),
    *,
    timeouts: CameraTimeouts = PATIENT,
) -> AsyncIterator[tuple[CameraProcess, Recorder]]:
    """Run a camera for the length of the block."""
    camera, sink = CameraProcess(config, timeouts=timeouts), Recorder()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(camera.run(sink, specs))
        try:
            await sink.until(lambda: bool(sink.events))
            yield camera, sink
        finally:
            task.cancel()


class Decoder:
    """Decodes access units one by one, as a viewer does."""

    def __init__(self) -> None:
        context = av.CodecContext.create("h264", "r")
        assert isinstance(context, VideoCodecContext)
        context.thread_count = 1
        context.options = {"flags": "low_delay"}
        self._context = context

    def decode(self, data: bytes) -> av.VideoFrame:
        (frame,) = self._context.decode(av.Packet(data))
        return frame


def children() -> set[int]:
    """Return the process ids of this process's children (Linux) but its database server."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        # A thread may end between the listing and the reading of its file, or while it is read.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.update(int(pid) for pid in (task / "children").read_text().split())
    return {pid for pid in found if _name(pid) != "postgres"}


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
