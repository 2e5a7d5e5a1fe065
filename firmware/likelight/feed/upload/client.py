"""The upload: the feed's one way to the cloud's relay, for the store stands behind a NAT.

The line is opened by the device, and only while the cloud says that somebody watches and the gate
can be open. It carries what a viewer would get: the hub's fragments, as they are.
"""

import asyncio
import fcntl
import logging
import random
import secrets
import struct
import termios
from collections.abc import Callable
from contextlib import suppress

import aiohttp
from pydantic import ValidationError

from likelight.contract import State
from likelight.feed.channels import Picture
from likelight.feed.fmp4 import Init
from likelight.feed.hub import Demand, Hub
from likelight.feed.ring import NOWHERE, Fragment, Ring
from likelight.feed.upload.protocol import SUPERSEDED, Format, Gate, Kind, Packet, Wish
from likelight.feed.viewers import cut, tune
from likelight.runtime.backoff import Backoff

log = logging.getLogger(__name__)

CONNECT_S = 5.0
STALL_S = 5.0
"""A line that takes nothing for so long is dead."""
HEARTBEAT_S = 10.0
"""After so long without a word the relay is asked for one; it has half as long to answer."""
REFUSED_S = (60.0, 75.0)
"""After a refusal, and after a newer upload took this one's place."""
PROVEN_S = 10.0
"""A line that held so long was a good one: the next is tried as if nothing had failed before."""
KEYFRAME_EVERY_S = 1.0
SHUT_WITHIN_S = 0.3
"""A line that has not delivered all by then when the gate has shut is cut: the relay must drop
what it holds within 1 s, and learns of a cut at once, but of a shut only after what came before."""

# The gate is open, or opens as soon as the camera runs.
_OPENING = (State.IDLE, State.LIVE)


class _Lost(Exception):
    """The relay ended the line."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"the relay ended it (code {code})")
        self.code = code


class _Socket(aiohttp.ClientWebSocketResponse):
    @property
    def transport(self) -> asyncio.Transport | None:
        connection = self._response.connection
        return connection.transport if connection is not None else None

    @property
    def drained(self) -> bool:
        """True when all that was sent has gone to the kernel."""
        transport = self.transport
        return transport is not None and not transport.get_write_buffer_size()


class Upload:
    """Sends the feed to the relay at `base_url`; a component, and an outlet of the hub.

    `attach` it to the hub, and tell it by `watch` whether the cloud says that somebody watches:
    that is demand, as any viewer's is.
    """

    def __init__(self, base_url: str, kid: str, token: str, *, rng: random.Random) -> None:
        self._url = f"{base_url.rstrip('/')}/v1/kitchens/{kid}/feed"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._rng = rng
        self._backoff = Backoff(rng, base=0.5, cap=30.0)
        self._epoch = secrets.token_urlsafe(6)
        self._hub: Hub | None = None
        self._camera_keyframe: Callable[[], None] = lambda: None
        self._ring = Ring()
        self._picture: Picture | None = None
        self._state = State.IDLE
        self._watched = False
        self._jpeg_fps = 0
        self._news = asyncio.Event()
        self._socket: _Socket | None = None
        self._fails = False

        self._cursor = NOWHERE
        self._told_gate: State | None = None
        self._told_init: Init | None = None
        self._told_picture_us = 0
        self._keyframe_at = float("-inf")
        self._drained_at = 0.0
        self._cut_off: asyncio.TimerHandle | None = None

    def attach(self, hub: Hub, *, keyframe: Callable[[], None]) -> None:
        """Take the feed of `hub`; `keyframe` asks its camera for one."""
        self._hub, self._camera_keyframe = hub, keyframe
        hub.add_outlet(self)

    def watch(self, watched: bool) -> None:
        """Somebody watches at the cloud, or nobody does any more."""
        if watched != self._watched:
            self._watched = watched
            self._demand_changed()
            self._news.set()

    @property
    def uploading(self) -> bool:
        """Whether the relay gets the picture."""
        return self._socket is not None and self._told_gate is State.LIVE

    @property
    def demand(self) -> Demand:
        return Demand(int(self._watched), int(self._watched and self._jpeg_fps > 0))

    def on_fragment(self, fragment: Fragment) -> None:
        self._ring.append(fragment)
        self._news.set()

    def on_picture(self, picture: Picture) -> None:
        if self._state is State.LIVE:
            self._picture = picture
            self._news.set()

    def on_state(self, state: State) -> None:
        """Follow the gate; what the line holds of the camera when it shuts is given 0.3 s."""
        was, self._state = self._state, state
        if state is State.LIVE or was is State.LIVE:
            self._ring.clear()
            self._cursor = NOWHERE
            self._picture = None
        if state is State.LIVE:
            self._told_init = None  # the camera has started anew, and so does its stream
        socket = self._socket
        if was is State.LIVE and socket is not None:
            loop = asyncio.get_running_loop()
            cut_off = loop.call_later(SHUT_WITHIN_S, _cut_undelivered, socket)
            # In a fault of the camera the gate stays open. One that is back by then has new
            # pictures in the line, no reason to cut it. Where a fault has shut the gate, nothing
            # is live again before the cut: SHUT_WITHIN_S is less than onair's REOPEN_AFTER_S.
            self._cut_off = cut_off if state is State.FAULT else None
        elif self._cut_off is not None:
            if state is State.LIVE:
                self._cut_off.cancel()
            self._cut_off = None
        self._news.set()

    async def run(self) -> None:
        """Upload whenever there is somebody to see it."""
        async with aiohttp.ClientSession(ws_response_class=_Socket) as session:
            while True:
                while not (self._watched and self._state in _OPENING):
                    self._news.clear()
                    await self._news.wait()
                await asyncio.sleep(await self._upload(session))

    async def _upload(self, session: aiohttp.ClientSession) -> float:
        """Open one line and use it to its end; return the pause before the next, in seconds."""
        loop = asyncio.get_running_loop()
        opened_at = loop.time()
        failure: Exception | None = None
        try:
            await self._use(session)
        except* (_Lost, aiohttp.ClientError, OSError, TimeoutError) as failures:
            failure = failures.exceptions[0]
        if failure is None or loop.time() - opened_at > PROVEN_S:
            self._backoff.reset()
        if failure is None:
            return 0.0
        refused = _refusal(failure)
        if not self._fails:
            why = refused or str(failure) or type(failure).__name__
            log.warning("The relay does not get the picture, trying again: %s", why)
        self._fails = True
        return self._rng.uniform(*REFUSED_S) if refused else self._backoff.next()

    async def _use(self, session: aiohttp.ClientSession) -> None:
        async with asyncio.timeout(CONNECT_S):
            socket = await session.ws_connect(
                self._url,
                headers=self._headers,
                heartbeat=HEARTBEAT_S,
                max_msg_size=4096,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
            )
        assert isinstance(socket, _Socket)
        self._begin(socket)
        try:
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(self._listen(socket))
                await self._send(socket)
                listening.cancel()
            # aiohttp now closes without waiting for the relay, and of a socket that is closed
            # nothing can be cut: the kernel would send what it still holds, however long it takes.
            await asyncio.sleep(SHUT_WITHIN_S)
            _cut_undelivered(socket)
        finally:
            self._socket = None
            self._jpeg_fps = 0
            self._demand_changed()
            if not socket.drained and socket.transport is not None:
                cut(socket.transport)
            await socket.close()

    def _begin(self, socket: _Socket) -> None:
        if self._fails:
            log.info("The relay gets the picture again")
            self._fails = False
        if socket.transport is not None:
            tune(socket.transport)
        self._socket = socket
        self._cursor = NOWHERE
        self._told_gate = self._told_init = None
        self._drained_at = asyncio.get_running_loop().time()

    async def _send(self, socket: _Socket) -> None:
        """Send until nobody watches any more, or the gate has shut."""
        # A camera that hangs is back in seconds, so its line is kept; `_OPENING` is for new ones.
        while self._watched and self._state in (*_OPENING, State.FAULT):
            self._news.clear()
            async with asyncio.timeout(STALL_S):
                await self._send_due(socket)
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._news.wait()
        shut = State.IDLE if self._state is State.LIVE else self._state
        async with asyncio.timeout(STALL_S):
            await self._tell_gate(socket, shut)

    async def _send_due(self, socket: _Socket) -> None:
        now = asyncio.get_running_loop().time()
        await self._tell_gate(socket, self._state)
        if socket.drained:
            self._drained_at = now
        elif now - self._drained_at > STALL_S:
            raise TimeoutError(f"the line took nothing for {STALL_S:g} s")
        await self._send_fragments(socket)
        await self._send_picture(socket)

    async def _tell_gate(self, socket: _Socket, state: State) -> None:
        """Say what holds, if that is news; the stream's format comes before it on every line."""
        if self._told_init is not None and state is not self._told_gate:
            self._told_gate = state
            gate = Gate(gate="open" if state is State.LIVE else "shut", reason=state)
            await socket.send_str(gate.model_dump_json())

    async def _send_fragments(self, socket: _Socket) -> None:
        missing = self._ring.missing(self._cursor) if self._may_send(socket) else ()
        for fragment in missing:
            # The gate may shut, and the line fill, while the last fragment is being sent.
            if not self._may_send(socket):
                return
            if fragment.init != self._told_init:
                self._told_init = fragment.init
                await self._send_init(socket, fragment.init)
                await self._tell_gate(socket, self._state)
            self._cursor = fragment.sequence + 1
            packet = Packet(
                Kind.FRAGMENT, fragment.payload, fragment.keyframe, fragment.captured_us
            )
            await socket.send_bytes(packet.pack())
        if not missing and self._may_send(socket) and self._cursor < self._ring.end:
            self._ask_keyframe()

    def _may_send(self, socket: _Socket) -> bool:
        return self._state is State.LIVE and socket.drained

    async def _send_init(self, socket: _Socket, init: Init) -> None:
        told = Format(
            codec=init.sets.codec,
            width=init.width,
            height=init.height,
            fps=init.fps,
            epoch=self._epoch,
        )
        await socket.send_str(told.model_dump_json())
        await socket.send_bytes(Packet(Kind.INIT, init.segment).pack())

    async def _send_picture(self, socket: _Socket) -> None:
        picture, self._picture = self._picture, None
        if picture is None or not self._jpeg_fps or not self._may_send(socket):
            return
        # Three quarters of the interval: a camera's own rate seldom divides by the relay's.
        if picture.captured_us - self._told_picture_us < 750_000 // self._jpeg_fps:
            return
        self._told_picture_us = picture.captured_us
        await socket.send_bytes(
            Packet(Kind.JPEG, picture.jpeg, captured_us=picture.captured_us).pack()
        )

    async def _listen(self, socket: _Socket) -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._obey(message.data)
        raise _Lost(socket.close_code)

    def _obey(self, text: str) -> None:
        try:
            wish = Wish.model_validate_json(text)
        except ValidationError:
            return  # of a newer relay; this one goes on as if it had not been said
        if wish.keyframe:
            self._ask_keyframe()
        if wish.jpeg_fps is not None and wish.jpeg_fps != self._jpeg_fps:
            self._jpeg_fps = wish.jpeg_fps
            self._demand_changed()

    def _ask_keyframe(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._keyframe_at >= KEYFRAME_EVERY_S:
            self._keyframe_at = now
            self._camera_keyframe()

    def _demand_changed(self) -> None:
        if self._hub is not None:
            self._hub.demand_changed()


def _refusal(failure: Exception) -> str | None:
    """Return why the relay refuses, None when it is worth to try again soon."""
    match failure:
        case aiohttp.WSServerHandshakeError(status=401 | 403 | 404 | 409 as status):
            return f"it refuses this device (status {status})"
        case _Lost(code=code) if code == SUPERSEDED:
            return "another device uploads for this kitchen"
        case _:
            return None


def _cut_undelivered(socket: _Socket) -> None:
    transport = socket.transport
    if transport is not None and (transport.get_write_buffer_size() or _unacknowledged(transport)):
        cut(transport)


def _unacknowledged(transport: asyncio.Transport) -> int:
    """Return how many bytes the kernel keeps, for the other end has not acknowledged them."""
    peer = transport.get_extra_info("socket")
    if peer is None or peer.fileno() < 0:
        return 0
    kept = bytearray(4)
    with suppress(OSError):  # not every system tells it of a socket
        fcntl.ioctl(peer.fileno(), termios.TIOCOUTQ, kept)
    return int(struct.unpack("i", kept)[0])
