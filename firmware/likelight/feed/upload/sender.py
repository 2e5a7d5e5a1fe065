"""One connection to the relay: what goes out on it, and its cutoff when the gate shuts."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import aiohttp

from likelight.contract import State
from likelight.feed.fmp4 import Init
from likelight.feed.rendition import Rendition
from likelight.feed.ring import NOWHERE
from likelight.feed.transport import abort, unacknowledged_bytes
from likelight.feed.upload.outgoing import Outgoing
from likelight.feed.upload.protocol import (
    WORDS,
    FormatMessage,
    GateMessage,
    PacketKind,
    UploadPacket,
)

STALL_S = 5.0
"""A connection on which nothing has gone out for this long is dead."""
SHUT_WITHIN_S = 0.3
"""When the gate shuts, a connection is aborted unless all has been delivered by then.

The relay must drop the pictures that it holds within 1 s. It notices an aborted connection at once,
but reads the message about the gate only after everything that was sent before it."""


class UploadSocket(aiohttp.ClientWebSocketResponse):
    """A WebSocket that shows its transport."""

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport, or None once the connection is closed."""
        connection = self._response.connection
        return connection.transport if connection is not None else None

    @property
    def drained(self) -> bool:
        """True when everything that was sent has gone to the kernel."""
        transport = self.transport
        return transport is not None and not transport.get_write_buffer_size()


class Sender:
    """Sends what is in `outgoing` over `socket`, which has just been opened.

    `epoch` names the device's timeline; `request_keyframe` is called when only a keyframe would
    help.
    """

    def __init__(
        self,
        socket: UploadSocket,
        outgoing: Outgoing,
        *,
        epoch: str,
        request_keyframe: Callable[[Rendition], None],
    ) -> None:
        self.socket = socket
        self.gate: State | None = None
        """The state that the relay got last."""
        self._outgoing = outgoing
        self._epoch = epoch
        self._request_keyframe = request_keyframe
        self._cursors = dict.fromkeys(Rendition, NOWHERE)
        self._inits: dict[Rendition, Init] = {}
        self._first_at: float | None = None
        self._picture_at = dict.fromkeys(Rendition, float("-inf"))
        self._drained_at = asyncio.get_running_loop().time()
        self._cutoff: asyncio.TimerHandle | None = None

    @property
    def up_to_date(self) -> bool:
        """True when every fragment of the main rendition has been sent or skipped."""
        return self._cursors[Rendition.MAIN] == self._outgoing.rings[Rendition.MAIN].end

    @property
    def sending_for_s(self) -> float:
        """How long ago the first picture went out; 0.0 before it."""
        now = asyncio.get_running_loop().time()
        return 0.0 if self._first_at is None else now - self._first_at

    async def run(self) -> None:
        """Send until nobody watches any more, or the gate has shut.

        Raises `TimeoutError` when nothing has gone out for `STALL_S`.
        """
        outgoing = self._outgoing
        while outgoing.may_stay:
            outgoing.changed.clear()
            async with asyncio.timeout(STALL_S):
                await self._send_due()
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await outgoing.changed.wait()
        shut = State.IDLE if outgoing.state is State.LIVE else outgoing.state
        async with asyncio.timeout(STALL_S):
            await self._send_gate(shut)

    def on_state(self, previous: State) -> None:
        """Follow the state of `outgoing`, which has changed; on a shut, start the cutoff."""
        state = self._outgoing.state
        if state is State.LIVE or previous is State.LIVE:
            self._cursors = dict.fromkeys(Rendition, NOWHERE)
        if state is State.LIVE:
            self._inits.clear()  # the camera has started again, with a new stream
        if previous is State.LIVE:
            cutoff = asyncio.get_running_loop().call_later(SHUT_WITHIN_S, self.abort_undelivered)
            # In a fault of the camera the gate stays open. If the camera is back in time, the
            # connection holds new pictures and need not be aborted. When a fault has shut the gate,
            # nothing is live again before the abort: SHUT_WITHIN_S is less than the gate's
            # REOPEN_AFTER_S.
            self._cutoff = cutoff if state is State.FAULT else None
        elif self._cutoff is not None:
            if state is State.LIVE:
                self._cutoff.cancel()
            self._cutoff = None

    def abort_undelivered(self) -> None:
        """Abort the connection if the relay has not acknowledged everything."""
        transport = self.socket.transport
        if transport is not None and (
            transport.get_write_buffer_size() or unacknowledged_bytes(transport)
        ):
            abort(transport)

    async def _send_due(self) -> None:
        now = asyncio.get_running_loop().time()
        await self._send_gate(self._outgoing.state)
        if self.socket.drained:
            self._drained_at = now
        elif now - self._drained_at > STALL_S:
            raise TimeoutError(f"nothing has gone out for {STALL_S:g} s")
        # The small ones first: behind the main one they would wait for as long as it is late. Only
        # its format comes before them.
        if self._opened:
            for rendition in sorted(self._outgoing.renditions, reverse=True):
                await self._send_fragments(rendition)
        await self._send_fragments(Rendition.MAIN)
        await self._send_jpeg()

    async def _send_gate(self, state: State) -> None:
        """Send `state` if the relay has not got it; on each connection the format comes first."""
        if self._opened and state is not self.gate:
            self.gate = state
            gate = GateMessage(gate="open" if state is State.LIVE else "shut", reason=state)
            await self.socket.send_str(gate.model_dump_json())

    @property
    def _opened(self) -> bool:
        """True once the main rendition's format has been sent."""
        return Rendition.MAIN in self._inits

    async def _send_fragments(self, rendition: Rendition) -> None:
        ring = self._outgoing.rings[rendition]
        missing = ring.missing(self._cursors[rendition]) if self._may_send else ()
        for fragment in missing:
            # The gate may shut, and the connection fill, while the last fragment is being sent.
            if not self._may_send:
                return
            if fragment.init != self._inits.get(rendition):
                self._inits[rendition] = fragment.init
                await self._send_init(fragment.init, rendition)
                await self._send_gate(self._outgoing.state)
            self._cursors[rendition] = fragment.sequence + 1
            packet = UploadPacket(
                PacketKind.FRAGMENT,
                fragment.payload,
                fragment.keyframe,
                fragment.captured_us,
                rendition,
            )
            await self.socket.send_bytes(packet.pack())
            if self._first_at is None:
                self._first_at = asyncio.get_running_loop().time()
        if not missing and self._may_send and self._cursors[rendition] < ring.end:
            self._request_keyframe(rendition)

    @property
    def _may_send(self) -> bool:
        return self._outgoing.state is State.LIVE and self.socket.drained

    async def _send_init(self, init: Init, rendition: Rendition) -> None:
        message = FormatMessage(
            codec=init.sets.codec,
            width=init.width,
            height=init.height,
            fps=init.fps,
            epoch=self._epoch,
            rendition=WORDS[rendition],
        )
        await self.socket.send_str(message.model_dump_json())
        packet = UploadPacket(PacketKind.INIT, init.segment, rendition=rendition)
        await self.socket.send_bytes(packet.pack())

    async def _send_jpeg(self) -> None:
        outgoing = self._outgoing
        for rendition in outgoing.jpegs:
            picture = outgoing.pictures.pop(rendition, None)
            # Before a keyframe has brought the format, the relay would end the upload.
            if picture is None or not self._opened or not outgoing.jpeg_fps or not self._may_send:
                continue
            # Three quarters of the interval: the camera's rate is seldom a multiple of the relay's.
            # By the loop's clock: capture times are wall time; a step back would hold all pictures.
            now = asyncio.get_running_loop().time()
            if now - self._picture_at[rendition] < 0.75 / outgoing.jpeg_fps:
                continue
            self._picture_at[rendition] = now
            packet = UploadPacket(
                PacketKind.JPEG,
                picture.jpeg,
                captured_us=picture.captured_us,
                rendition=rendition,
            )
            await self.socket.send_bytes(packet.pack())
