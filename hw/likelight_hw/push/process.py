"""The daemon's end of a push: one child process, from its start to its end."""

import asyncio
import contextlib
from collections.abc import Callable

from likelight_hw.child.link import ChildLink
from likelight_hw.child.packets import ChildPacket
from likelight_hw.child.spawn import ChildProcess, module_command
from likelight_hw.ports import AccessUnit, StreamFormat
from likelight_hw.push.target import PushTarget
from likelight_hw.push.wire import PushMessage, pack_setup, pack_unit

ANSWER_S = 10.0
"""How long a server may take to accept the stream; a TLS handshake over a slow connection takes 2
s."""
STALLED_S = 10.0
"""A server that takes nothing for this long is given up."""

_COMMAND = module_command("likelight_hw.push")
_BUFFER_BYTES = 256 * 1024
"""Bytes that may wait for the child, beside the kernel's 200 KB: together 2 s at 2 Mbit/s."""


class PushProcess:
    """One connection to a media server; `run` it once.

    `on_connected` is called when the server has accepted the stream.
    """

    def __init__(
        self, target: PushTarget, stream: StreamFormat, on_connected: Callable[[], None]
    ) -> None:
        self.connected_at: float | None = None
        """The loop's time at which the server accepted the stream."""
        self._target = target
        self._stream = stream
        self._on_connected = on_connected
        self._lost = asyncio.Event()
        self._link = ChildLink(self._on_packet, self._lost.set, buffer_bytes=_BUFFER_BYTES)
        self._child = ChildProcess(_COMMAND, self._link)
        self._flows = False
        self._in_flight = 0
        self._moved_at = 0.0
        self._trouble = ""

    def send(self, unit: AccessUnit) -> None:
        """Push `unit`; when the server is too slow, units are dropped, up to the next keyframe."""
        if self.connected_at is None or self._child.killed:
            return
        self._flows = not self._link.full and (self._flows or unit.keyframe)
        if self._flows:
            if not self._in_flight:
                self._moved_at = asyncio.get_running_loop().time()
            self._in_flight += 1
            self._link.write(pack_unit(unit))

    def kill(self) -> None:
        """End the push at once: when this returns, the child has been sent SIGKILL."""
        self._child.kill()

    async def run(self) -> str:
        """Push until the server is lost, does not answer, or `kill`; return why, in words.

        Raises what `on_connected` raised, if it did.
        """
        async with self._child.running():
            if self._child.killed:
                return "it was ended"
            self._link.write(pack_setup(self._target, self._stream))
            try:
                return await self._watch()
            finally:
                # FFmpeg may hang in a call, and would not see that the link is closed. A child
                # that has closed it by itself may end in its own way.
                if not self._link.lost:
                    self._child.kill()

    async def _watch(self) -> str:
        """Wait until the child is lost or must be given up; return why."""
        loop = asyncio.get_running_loop()
        due = loop.time() + ANSWER_S
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._lost.wait()
            if self._link.error is not None:
                raise self._link.error
            if self._link.lost:
                return self._trouble or "the push process ended"
            now = loop.time()
            if self.connected_at is None:
                return f"the server did not answer within {ANSWER_S:.0f} s"
            due = (self._moved_at if self._in_flight else now) + STALLED_S
            if due <= now:
                return f"the server took nothing for {STALLED_S:.0f} s"

    def _on_packet(self, packet: ChildPacket) -> None:
        if self._child.killed:
            return  # what it said before it died
        now = asyncio.get_running_loop().time()
        match packet.kind:
            case PushMessage.CONNECTED:
                self.connected_at = now
                self._on_connected()
            case PushMessage.SENT:
                self._in_flight -= 1
                self._moved_at = now
            case PushMessage.TROUBLE:
                self._trouble = packet.payload.decode()
