"""The daemon's end of a push: one child process, from its start to its end."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable
from typing import cast

from likelight_hw.child.ending import end
from likelight_hw.child.packets import ChildPacket, Unpacker
from likelight_hw.ports import AccessUnit, StreamFormat
from likelight_hw.push.target import Target
from likelight_hw.push.wire import PushMessage, pack_setup, pack_unit

ANSWER_S = 10.0
"""How long a server may take to accept the stream; a TLS handshake over a poor line takes 2 s."""
STALLED_S = 10.0
"""A server that takes nothing for so long is given up."""

_END_S = 1.0
"""How long a child that has said why it ends may take to."""

_QUEUE = 256 * 1024
"""Bytes that may wait for the child, beside the kernel's 200 KB: together 2 s at 2 Mbit/s."""


class PushProcess:
    """One connection to a media server; `run` it once.

    `on_connected` is called when the server has accepted the stream.
    """

    def __init__(
        self, target: Target, stream: StreamFormat, on_connected: Callable[[], None]
    ) -> None:
        self.connected_at: float | None = None
        """The loop's time at which the server accepted the stream."""
        self._target = target
        self._stream = stream
        self._on_connected = on_connected
        self._link = _Link(self._obey)
        self._process: asyncio.subprocess.Process | None = None
        self._killed = False
        self._flows = False
        self._in_flight = 0
        self._moved_at = 0.0
        self._trouble = ""

    def send(self, unit: AccessUnit) -> None:
        """Push `unit`; what the server is too slow for is dropped, up to the next keyframe."""
        if self.connected_at is None or self._killed:
            return
        self._flows = not self._link.full and (self._flows or unit.keyframe)
        if self._flows:
            if not self._in_flight:
                self._moved_at = asyncio.get_running_loop().time()
            self._in_flight += 1
            self._link.write(pack_unit(unit))

    def kill(self) -> None:
        """End the push at once: when this returns, the child has been sent SIGKILL."""
        self._killed = True
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def run(self) -> str:
        """Push until the server is lost, does not answer, or `kill`; return why, in words."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours:
            with theirs:
                # -P keeps the working directory out of the child's imports.
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", "likelight_hw.push"),
                    str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            try:
                if self._killed:
                    return "it was ended"
                await loop.create_unix_connection(lambda: self._link, sock=ours)
                self._link.write(pack_setup(self._target, self._stream))
                return await self._watch()
            finally:
                self._link.abort()
                await end(self._process, _END_S if self._link.lost.is_set() else 0)

    async def _watch(self) -> str:
        """Wait until the child is lost or must be given up; return why."""
        loop = asyncio.get_running_loop()
        due = loop.time() + ANSWER_S
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._link.lost.wait()
                    return self._trouble or "the push process ended"
            now = loop.time()
            if self.connected_at is None:
                return f"the server did not answer within {ANSWER_S:.0f} s"
            due = (self._moved_at if self._in_flight else now) + STALLED_S
            if due <= now:
                return f"the server took nothing for {STALLED_S:.0f} s"

    def _obey(self, packet: ChildPacket) -> None:
        if self._killed:
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


class _Link(asyncio.Protocol):
    """The socket to the child. `full` while more than `_QUEUE` bytes wait to be sent."""

    def __init__(self, on_packet: Callable[[ChildPacket], None]) -> None:
        self.full = False
        self.lost = asyncio.Event()
        self._on_packet = on_packet
        self._unpacker = Unpacker()
        self._transport: asyncio.Transport | None = None

    def write(self, packet: bytes) -> None:
        if self._transport and not self.lost.is_set():
            self._transport.write(packet)

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_QUEUE)

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False

    def data_received(self, data: bytes) -> None:
        for packet in self._unpacker.feed(data):
            self._on_packet(packet)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()
