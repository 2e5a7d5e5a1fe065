"""The daemon's end of the camera: it starts a child, supervises it, and starts the next one.

libcamera can hang so that only SIGKILL helps; that is why the camera is a process. The simulators
run in such a process too, so that a demo fails in the same way as a kitchen.
"""

import asyncio
from collections.abc import Sequence

from likelight_hw.backoff import RetryBackoff
from likelight_hw.camera.child_state import ChildState
from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.dispatch import PacketDispatch
from likelight_hw.camera.fingerprint import source_fingerprint
from likelight_hw.camera.requests import CameraRequests
from likelight_hw.camera.status import DIED, NO_SOURCE, StatusReporter, failed
from likelight_hw.camera.timeouts import CameraTimeouts
from likelight_hw.camera.watchdog import Watchdog
from likelight_hw.camera.wire import pack_setup
from likelight_hw.child.ending import describe_exit
from likelight_hw.child.link import ChildLink
from likelight_hw.child.spawn import ChildProcess, module_command
from likelight_hw.ports import (
    MAIN_ONLY,
    CameraPhase,
    CameraSink,
    CameraStatus,
    LightFrame,
    PlaceholderSpec,
    Rendition,
)

COMMAND = module_command("likelight_hw.camera")
_TIMEOUTS = CameraTimeouts()
_LOOK_EVERY_S = 1.0
"""How often, during a pause, we check whether the source has come back."""


class CameraProcess:
    """A `ports.Camera` whose sensor and encoders run in a child process."""

    def __init__(
        self,
        config: CameraConfig,
        *,
        timeouts: CameraTimeouts = _TIMEOUTS,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.simulated = config.simulated
        self.restarts = 0
        """How many children were lost, or had to be killed."""
        self._config = config
        self._timeouts = timeouts
        self._command = command
        self._status = StatusReporter()
        self._requests = CameraRequests()
        self._child: ChildState | None = None
        self._placeholders_made = False

    @property
    def status(self) -> CameraStatus:
        """The present phase, and the reason of a trouble."""
        return self._status.current

    def start(self) -> None:
        """Ask for H.264, from a keyframe on. Remembered before `run`, and over restarts."""
        if not self._requests.desired.stream:
            self._requests.start()
            self._enter(CameraPhase.STARTING)

    def stop(self) -> None:
        """Sensor and encoders off; nothing reaches the sink after this call returns."""
        if self._requests.desired.stream:
            self._requests.stop()
            self._enter(CameraPhase.STOPPED)

    def keyframe(self, rendition: Rendition = Rendition.MAIN) -> None:
        """Ask for a keyframe as the next frame; at most one a second, even if more callers ask."""
        self._requests.keyframe(rendition)

    def renditions(self, wanted: frozenset[Rendition]) -> None:
        """Ask for these renditions and no others, from a keyframe on; MAIN comes in any case."""
        self._requests.renditions(wanted)

    def jpeg_rate(self, fps: float, renditions: frozenset[Rendition] = MAIN_ONLY) -> None:
        """Ask for JPEGs at up to `fps`, 0..30, while the stream runs; 0 for none."""
        self._requests.jpeg_rate(fps, renditions)

    def show_lamp(self, frame: LightFrame) -> None:
        """Let the simulated scene's lamp glow like this; a file has no lamp and ignores it."""
        if self._config.driver == "sim":
            self._requests.lamp(frame)

    async def run(self, sink: CameraSink, specs: Sequence[PlaceholderSpec]) -> None:
        """Keep a child alive, for ever, with a growing pause between two that were lost.

        A child that can't open its source stays, and tries again by itself. The placeholders of
        `specs` come once, from the first child that gets ready.
        """
        self._status.report_to(sink)
        backoff = RetryBackoff(self._timeouts.pauses_s, healthy_s=self._timeouts.healthy_s)
        loop = asyncio.get_running_loop()
        try:
            while True:
                seen = await asyncio.to_thread(source_fingerprint, self._config)
                child = ChildState(loop.time())
                reason = await self._run_child(child, sink, specs)
                self.restarts += 1
                self._status.set(reason)
                pause_s = backoff.pause_s(worked_s=child.worked_s(loop.time()))
                if child.gave_pictures:
                    pause_s = min(pause_s, self._timeouts.brief_pause_s)
                await self._pause(pause_s, seen)
        except Exception as error:
            # Nothing streams until `run` is called again: the status must not say that it does.
            self._status.set(failed(f"the camera could not be kept alive: {error}", DIED))
            raise
        finally:
            self._status.reset()

    async def _run_child(
        self, child: ChildState, sink: CameraSink, specs: Sequence[PlaceholderSpec]
    ) -> CameraStatus:
        """Run one child until it is lost or hangs; return why it ended."""
        dispatch = PacketDispatch(child, self._requests, self._status, sink)
        link = ChildLink(dispatch.on_packet, child.changed.set)
        process = ChildProcess(self._command, link)
        watchdog = Watchdog(child, self._requests, self._status, self._timeouts)
        self._child = child
        try:
            async with process.running():
                link.write(pack_setup(self._config, () if self._placeholders_made else specs))
                child.link = link
                self._requests.connect(child)
                hung = await watchdog.watch(link)
                if hung:
                    process.kill()
        finally:
            self._requests.disconnect()
            self._child = None
            self._placeholders_made |= child.made_placeholders
        if hung:
            return hung
        if child.trouble:
            return failed(child.trouble, NO_SOURCE)
        return failed(f"the camera process ended ({describe_exit(process.exit_code)})", DIED)

    async def _pause(self, seconds: float, seen: frozenset[object]) -> None:
        """Wait between two children; anything new in the source's fingerprint ends the wait."""
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while (left := until - clock()) > 0:
            await asyncio.sleep(min(left, _LOOK_EVERY_S))
            known, seen = seen, await asyncio.to_thread(source_fingerprint, self._config)
            if seen - known:
                return

    def _enter(self, phase: CameraPhase) -> None:
        """Enter STOPPED or STARTING; but keep reporting a trouble until a child is ready."""
        child = self._child
        if child is not None and child.ready_at is not None:
            child.note_request(asyncio.get_running_loop().time())
        elif self._status.current.phase is CameraPhase.FAILED:
            return
        self._status.set(CameraStatus(phase))
