"""The daemon's end of the camera: it starts the child, reads it, and kills it when it hangs.

libcamera can hang so that only SIGKILL helps; that is why the camera is a process. The simulators
live in the same process in the same way, so that a demo and a kitchen fail alike.
"""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.fingerprint import source_fingerprint
from likelight_hw.camera.probe import CHILD
from likelight_hw.camera.timeouts import GLANCE_S, CameraTimeouts
from likelight_hw.camera.wire import (
    KEYFRAME,
    CameraMessage,
    DesiredState,
    pack_setup,
    unpack_alive,
    unpack_format,
    unpack_placeholder,
)
from likelight_hw.child.ending import end
from likelight_hw.child.link import ChildLink
from likelight_hw.child.packets import ChildPacket
from likelight_hw.ports import (
    AccessUnit,
    CameraPhase,
    CameraSink,
    CameraStatus,
    Jpeg,
    LightFrame,
    PlaceholderSpec,
)

_log = logging.getLogger(__name__)

HUNG, DIED, NO_SOURCE, NO_PICTURE = "K1", "K2", "K3", "K4"
"""What the crew reads to IT; see `CameraStatus.code`."""
_RESTARTED = "the camera hung and was restarted"
_TIMEOUTS = CameraTimeouts()
KEYFRAME_EVERY_S = 1.0
"""Keyframes are large: viewers, the relay and a push that all ask share this."""
_END_S = 1.0
"""How long a child may take to end by itself."""


class CameraProcess:
    """A `ports.Camera` whose sensor and encoders run in a child process."""

    def __init__(
        self,
        config: CameraConfig,
        *,
        timeouts: CameraTimeouts = _TIMEOUTS,
        child: Sequence[str] = CHILD,
    ) -> None:
        self.simulated = config.simulated
        self.restarts = 0
        """How many children were lost, or had to be killed."""
        self._config = config
        self._timeouts = timeouts
        self._child = child
        self._status = CameraStatus(CameraPhase.STOPPED)
        self._want = DesiredState()
        self._starts = 0
        self._keyframe_at = float("-inf")
        self._sink: CameraSink | None = None
        self._life: _Life | None = None
        self._placeholders_made = False
        self._in_trouble = False

    @property
    def status(self) -> CameraStatus:
        """The present phase, and the reason of a trouble."""
        return self._status

    def start(self) -> None:
        """Ask for H.264, from a keyframe on. Remembered before `run`, and over restarts."""
        if self._want.stream:
            return
        self._starts += 1
        self._wish(stream=self._starts, pulse=self._next_pulse())
        self._rest_or_begin(CameraPhase.STARTING)

    def stop(self) -> None:
        """Sensor and encoders off; nothing reaches the sink after this call returns."""
        if not self._want.stream:
            return
        self._wish(stream=0)
        self._rest_or_begin(CameraPhase.STOPPED)

    def keyframe(self) -> None:
        """Ask that the next frame be a keyframe; once a second at most, however many ask."""
        loop = asyncio.get_running_loop()
        if self._keyframe_at > loop.time():
            return  # one is about to be asked for
        self._keyframe_at = max(loop.time(), self._keyframe_at + KEYFRAME_EVERY_S)
        if self._keyframe_at > loop.time():
            loop.call_at(self._keyframe_at, self._ask_keyframe)
        else:
            self._ask_keyframe()

    def _ask_keyframe(self) -> None:
        self._wish(keyframe=(self._want.keyframe + 1) % (1 << 32))

    def jpeg_rate(self, fps: float) -> None:
        """Ask for JPEGs at up to `fps`, 0..30, while the stream runs; 0 for none."""
        self._wish(jpeg_fps=min(max(fps, 0.0), 30.0))

    def show_lamp(self, frame: LightFrame) -> None:
        """Let the simulated scene's lamp glow like this; a file has no lamp and ignores it."""
        if self._config.driver == "sim":
            self._wish(lamp=frame)

    async def run(self, sink: CameraSink, specs: Sequence[PlaceholderSpec]) -> None:
        """Keep a child alive, for ever, with a growing pause between two that were lost.

        A child that can't have its source stays, and tries again by itself.
        The placeholders, drawn after `specs`, come once, from the first child that gets ready.
        """
        self._sink = sink
        sink.on_status(self._status)
        failures = 0
        try:
            while True:
                seen = await asyncio.to_thread(source_fingerprint, self._config)
                life = self._life = _Life()
                failed = await self._live(life, () if self._placeholders_made else specs)
                self._life = None
                self.restarts += 1
                if life.lasted(self._timeouts.healthy):
                    failures = 0
                self._set(failed)
                pause = self._timeouts.pause(failures, gave_pictures=life.gave_pictures)
                await self._pause(pause, seen)
                failures += 1
        except Exception as error:
            # Until somebody runs it again nothing streams, and nobody may say that it does.
            self._set(_failed(f"the camera could not be kept alive: {error}", DIED))
            raise
        finally:
            self._life = None
            self._sink = None
            self._in_trouble = False
            self._status = CameraStatus(CameraPhase.STOPPED)

    async def _pause(self, seconds: float, seen: frozenset[object]) -> None:
        """Wait between two children; what is new in the source's fingerprint ends the wait."""
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while (left := until - clock()) > 0:
            await asyncio.sleep(min(left, GLANCE_S))
            known, seen = seen, await asyncio.to_thread(source_fingerprint, self._config)
            if seen - known:
                return

    async def _live(self, life: "_Life", specs: Sequence[PlaceholderSpec]) -> CameraStatus:
        """Run one child until it is lost or hangs; return why it ended."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *self._child,
                    str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            try:
                transport, life.link = await loop.create_unix_connection(
                    lambda: ChildLink(self._obey, life.changed.set), sock=ours
                )
                try:
                    transport.write(pack_setup(self._config, specs))
                    life.link.want(self._want)
                    hopeless = await self._watch(life, life.link)
                    if hopeless:
                        process.kill()
                finally:
                    transport.abort()
            finally:
                code = await end(process, _END_S)
        if hopeless:
            return hopeless
        if life.trouble:
            return _failed(life.trouble, NO_SOURCE)
        return _failed(f"the camera process ended ({_ending(code)})", DIED)

    async def _watch(self, life: "_Life", link: ChildLink) -> CameraStatus | None:
        """Wait until the child is lost (return None), or must be killed (return why)."""
        loop = asyncio.get_running_loop()
        while not link.lost:
            due, verdict = self._next_verdict(life)
            if loop.time() >= due:
                if verdict is None:
                    self._wish(pulse=self._next_pulse())
                elif verdict.phase is CameraPhase.FAILED:
                    return verdict
                else:
                    self._set(verdict)
                continue
            life.changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await life.changed.wait()
        if link.error:
            raise link.error
        return None

    def _next_verdict(self, life: "_Life") -> tuple[float, CameraStatus | None]:
        """Return until when to wait for the child's next sign, and what it means if none comes.

        None means that it is time to ask for one.
        """
        timeouts = self._timeouts
        if life.ready_at is None:
            words = f"the camera process was not ready within {timeouts.ready:g} s"
            return life.began_at + timeouts.ready, _failed(words, NO_PICTURE)
        if not self._want.stream and life.stream:
            words = "the camera did not stop when it was asked to"
            return life.asked_at + timeouts.hung, _failed(words, HUNG)
        if life.pulsed_at is not None:
            if self._status.phase is not CameraPhase.SILENT:
                words = f"the camera process has not answered for {timeouts.silent:g} s"
                return life.pulsed_at + timeouts.silent, _silent(words)
            return life.pulsed_at + timeouts.hung, _failed(_RESTARTED, HUNG)
        if not self._want.stream:
            return life.alive_at + timeouts.pulse, None
        if life.frame_at is None:
            words = f"the camera gave no picture within {timeouts.first_frame:g} s"
            return life.asked_at + timeouts.first_frame, _failed(words, NO_PICTURE)
        if self._status.phase is not CameraPhase.SILENT:
            words = f"the camera has given no picture for {timeouts.silent:g} s"
            return life.frame_at + timeouts.silent, _silent(words)
        return life.frame_at + timeouts.hung, _failed(_RESTARTED, HUNG)

    def _obey(self, packet: ChildPacket) -> None:
        """Take one packet of the child."""
        life, sink = self._life, self._sink
        assert life
        assert sink
        streams = bool(self._want.stream) and life.stream == self._want.stream
        match packet.kind:
            case CameraMessage.ACCESS_UNIT if streams:
                life.frame_at = asyncio.get_running_loop().time()
                life.gave_pictures = True
                if self._status.phase is not CameraPhase.STREAMING:
                    self._set(CameraStatus(CameraPhase.STREAMING))
                    life.changed.set()
                keyframe = bool(packet.flags & KEYFRAME)
                sink.on_access_unit(AccessUnit(packet.payload, keyframe, packet.captured_us))
            case CameraMessage.JPEG if streams:
                sink.on_jpeg(Jpeg(packet.payload, packet.captured_us))
            case CameraMessage.FORMAT:
                form, answers = unpack_format(packet.payload)
                life.stream = answers
                if answers == self._want.stream:
                    sink.on_format(form)
            case CameraMessage.RESTING:
                life.stream = 0
                life.changed.set()
            case CameraMessage.ALIVE:
                self._hear_alive(life, unpack_alive(packet.payload))
            case CameraMessage.PLACEHOLDER:
                sink.on_placeholder(unpack_placeholder(packet.payload))
            case CameraMessage.READY:
                self._placeholders_made = True
                life.trouble = None
                life.ready_at = life.asked_at = life.alive_at = asyncio.get_running_loop().time()
                life.pulsed_at = None
                life.changed.set()
                if not self._want.stream:
                    self._set(CameraStatus(CameraPhase.STOPPED))
            case CameraMessage.TROUBLE:
                words = packet.payload.decode()
                life.tell_trouble(words)
                self._set(_failed(words, NO_SOURCE))

    def _hear_alive(self, life: "_Life", pulse: int) -> None:
        """Take a sign of life, if it answers the newest pulse."""
        if pulse != self._want.pulse:
            return
        life.alive_at, life.pulsed_at = asyncio.get_running_loop().time(), None
        if self._status.phase is CameraPhase.SILENT and life.frame_at is None:
            streams = bool(self._want.stream)
            self._set(CameraStatus(CameraPhase.STARTING if streams else CameraPhase.STOPPED))
        life.changed.set()

    def _next_pulse(self) -> int:
        return (self._want.pulse + 1) % (1 << 32)

    def _wish(self, **changes: Any) -> None:
        want = replace(self._want, **changes)
        if want == self._want:
            return
        asks = want.pulse != self._want.pulse
        self._want = want
        life = self._life
        if life and life.link:
            life.link.want(want)
            if asks and life.pulsed_at is None:
                life.pulsed_at = asyncio.get_running_loop().time()

    def _rest_or_begin(self, phase: CameraPhase) -> None:
        """Enter STOPPED or STARTING; but a trouble stays in sight until a child is ready."""
        life = self._life
        if life and life.ready_at is not None:
            life.asked_at = asyncio.get_running_loop().time()
            life.frame_at = None
            life.changed.set()
        elif self._status.phase is CameraPhase.FAILED:
            return
        self._set(CameraStatus(phase))

    def _set(self, status: CameraStatus) -> None:
        if status == self._status:
            return
        self._status = status
        trouble = status.phase in (CameraPhase.SILENT, CameraPhase.FAILED)
        if trouble and not self._in_trouble:
            _log.warning("The camera is in trouble: %s", status.reason)
        elif self._in_trouble and not trouble:
            _log.info("The camera is well again")
        self._in_trouble = trouble
        if self._sink:
            self._sink.on_status(status)


class _Life:
    """What is known of one child. Times are the event loop's."""

    def __init__(self) -> None:
        self.link: ChildLink | None = None
        self.changed = asyncio.Event()
        self.began_at = asyncio.get_running_loop().time()
        self.ready_at: float | None = None
        self.asked_at = self.began_at
        self.frame_at: float | None = None
        self.alive_at = self.began_at
        self.pulsed_at: float | None = None
        """When the oldest pulse was sent that the child owes an answer."""
        self.gave_pictures = False
        self.stream = 0
        """The start that the child serves (`DesiredState.stream`); 0 when its sensor is off."""
        self.trouble: str | None = None
        """Why it can't have its source, which it tries again by itself."""

    def tell_trouble(self, words: str) -> None:
        """Begin anew: the child is well, but has no source and serves no stream."""
        self.trouble = words
        self.began_at = asyncio.get_running_loop().time()
        self.ready_at = self.frame_at = self.pulsed_at = None
        self.stream = 0
        self.changed.set()

    def lasted(self, seconds: float) -> bool:
        """True when the child lived long enough after it was ready to be trusted again at once."""
        now = asyncio.get_running_loop().time()
        return self.ready_at is not None and now - self.ready_at >= seconds


def _silent(words: str) -> CameraStatus:
    return CameraStatus(CameraPhase.SILENT, words, HUNG)


def _failed(words: str, code: str) -> CameraStatus:
    return CameraStatus(CameraPhase.FAILED, words, code)


def _ending(code: int | None) -> str:
    if code is None:
        return "stuck in a driver; restart the device if this stays"
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
