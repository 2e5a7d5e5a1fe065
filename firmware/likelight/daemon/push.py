"""The stream to a media server that exists already, while the gate is open. See PUSH.md.

A configured push counts as a viewer, so the camera stays on for it. PRIVACY, or anything else that
shuts the gate, kills its process before the gate's call returns.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from likelight.contract import State
from likelight.feed.hub import Hub
from likelight.feed.jpegs import JpegPicture
from likelight.feed.outlets import Demand
from likelight.feed.ring import Fragment
from likelight.runtime.backoff import Backoff
from likelight_hw.ports import AccessUnit, StreamFormat
from likelight_hw.push.process import PushProcess
from likelight_hw.push.target import PushTarget

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0
HEALTHY_S = 30.0
"""A server that has taken the stream for this long ends the back-off."""


class PushPhase(StrEnum):
    """What a push does now."""

    SHUT = "shut"
    """The gate is shut: there is no connection and no process."""
    CONNECTING = "connecting"
    STREAMING = "streaming"
    WAITING = "waiting"
    """The last try failed; the next one follows."""


@dataclass(frozen=True, slots=True)
class PushStatus:
    """The server (scheme and host only), the phase, and what went wrong last, if it did."""

    server: str
    phase: PushPhase = PushPhase.SHUT
    reason: str | None = None


class Push:
    """Pushes the camera's access units to `target` while the hub is LIVE. It is the hub's outlet.

    `request_keyframe` asks the camera for a keyframe, so that a new connection has a picture at
    once; `on_change` is called after each change of `status`.
    """

    demand = Demand(h264=1)

    def __init__(
        self,
        target: PushTarget,
        hub: Hub,
        *,
        request_keyframe: Callable[[], None],
        on_change: Callable[[], None],
        rng: random.Random,
    ) -> None:
        self._target = target
        self._hub = hub
        self._request_keyframe = request_keyframe
        self._on_change = on_change
        # At least half of each pause: a server that refuses the stream is never asked at once.
        self._backoff = Backoff(rng, base=FIRST_PAUSE_S, cap=LONGEST_PAUSE_S, jitter=0.5)
        self._status = PushStatus(target.server)
        self._stream: StreamFormat | None = None
        self._process: PushProcess | None = None
        self._opened = asyncio.Event()
        self._shut = asyncio.Event()
        self._in_trouble = self._has_connected = False

    @property
    def status(self) -> PushStatus:
        """What the push does now, and why its last try failed."""
        return self._status

    async def run(self) -> None:
        """Push whenever the gate is open, until cancelled; the child ends then, too."""
        self._hub.add_outlet(self)
        try:
            while True:
                await self._opened.wait()
                reason = await self._push_once()
                if reason is not None:
                    await self._back_off(reason)
        finally:
            self._hub.remove_outlet(self)
            self._end()

    def set_format(self, stream: StreamFormat) -> None:
        """Take the format of the access units to come. It changes only while the gate is shut."""
        self._stream = stream

    def on_unit(self, unit: AccessUnit) -> None:
        """Push one access unit of the camera. Nothing passes while the gate is shut."""
        if self._process and self._opened.is_set():
            self._process.send(unit)

    def on_state(self, state: State) -> None:
        """Start or stop pushing. When this returns after a shut, the child has been killed."""
        if state is State.LIVE:
            self._shut.clear()
            self._opened.set()
        else:
            self._end()

    def on_fragment(self, fragment: Fragment) -> None:
        """Take nothing: a media server gets the camera's own access units, and no placeholder."""

    def on_jpeg(self, picture: JpegPicture) -> None:
        """Take nothing: a media server gets no JPEG."""

    async def _push_once(self) -> str | None:
        """Connect and push until that ends; return why it failed, None when the gate shut."""
        if self._stream is None:
            return "the camera has not sent its format yet"
        process = self._process = PushProcess(self._target, self._stream, self._connected)
        self._tell(PushPhase.CONNECTING, self._status.reason)
        reason = await process.run()
        if process.connected_at is not None:
            lasted = asyncio.get_running_loop().time() - process.connected_at
            if lasted >= HEALTHY_S:
                self._backoff.reset()
        if self._process is not process:
            return None
        self._process = None
        return reason

    async def _back_off(self, reason: str) -> None:
        """Wait for 1 to 60 s, or until the gate shuts: when it opens again, the push starts at
        once."""
        if not self._in_trouble:
            log.warning("The push to %s failed and is tried again: %s", self._target.server, reason)
        self._in_trouble = True
        self._tell(PushPhase.WAITING, reason)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._backoff.next()):
                await self._shut.wait()

    def _connected(self) -> None:
        # Not each time that the gate opens: the log must not tell when PRIVACY was pressed.
        if self._in_trouble or not self._has_connected:
            again = " again" if self._in_trouble else ""
            log.info("The stream goes to %s%s", self._target.server, again)
        self._in_trouble, self._has_connected = False, True
        self._tell(PushPhase.STREAMING)
        self._request_keyframe()

    def _end(self) -> None:
        self._opened.clear()
        self._shut.set()
        process, self._process = self._process, None
        if process:
            process.kill()
        self._tell(PushPhase.SHUT)

    def _tell(self, phase: PushPhase, reason: str | None = None) -> None:
        status = PushStatus(self._target.server, phase, reason)
        if status != self._status:
            self._status = status
            self._on_change()
