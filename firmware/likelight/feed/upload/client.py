"""The upload: how the feed reaches the cloud's relay from a store behind a NAT.

The device opens the connection, and only while the cloud says that somebody watches and the gate
can be open. The relay gets what a viewer would get: the hub's fragments, unchanged.
"""

import asyncio
import logging
import random
import secrets
from collections.abc import Callable
from contextlib import suppress

import aiohttp
from pydantic import ValidationError

from likelight.contract import State
from likelight.feed.hub import Hub
from likelight.feed.jpegs import JpegPicture
from likelight.feed.keyframe_pace import KeyframePace
from likelight.feed.outlets import Demand
from likelight.feed.rendition import Rendition
from likelight.feed.ring import Fragment
from likelight.feed.transport import abort, tune
from likelight.feed.upload.handshake import NotUpgraded, raise_unless_upgraded
from likelight.feed.upload.outgoing import Outgoing
from likelight.feed.upload.protocol import SUPERSEDED, TOO_FAST, RequestMessage
from likelight.feed.upload.sender import SHUT_WITHIN_S, Sender, UploadSocket
from likelight.runtime.backoff import Backoff
from likelight.runtime.cleanup import raise_if_cancelled
from likelight.runtime.http_session import Trust, failure_words, session_options

log = logging.getLogger(__name__)

CONNECT_S = 5.0
TAKEN_WITHIN_S = 5.0
"""The relay says so soon that it takes an upload; a front end may open a WebSocket without it."""
HEARTBEAT_S = 10.0
"""After this long without a message the relay is pinged; it has half as long to answer."""
REFUSED_S = (60.0, 75.0)
"""The pause after a refusal, and after a newer upload took this one's place: between these."""
PROVEN_S = 10.0
"""A connection that took pictures for so long was a good one: the back-offs begin again."""
WAKES_CAP_S = 300.0
"""A try that the relay takes wakes the camera. Where such tries end before they are proven, as with
a relay that can't read this device's pictures, the pauses between them grow to this."""


class _ConnectionClosed(Exception):
    """The relay closed the connection."""

    def __init__(self, code: int | None) -> None:
        words = f"the relay closed the connection (code {code})"
        if code == TOO_FAST:
            words += ": it takes fewer bits a second, so lower camera.bitrate"
        super().__init__(words)
        self.code = code


class Upload:
    """Sends the feed to the relay at `base_url`; a component, and an outlet of the hub.

    `attach` it to the hub, and call `on_watched` when the cloud says that somebody watches, or that
    nobody does: that counts as demand, like any viewer's, while the relay takes the picture. The
    token may come later, with `pair`.
    """

    def __init__(
        self,
        base_url: str,
        kid: str,
        token: str | None,
        *,
        rng: random.Random,
        proxy: str | None = None,
        trust: Trust | None = None,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/v1/kitchens/{kid}/feed"
        self._proxy = proxy
        self._trust = trust or Trust()
        self._headers: dict[str, str] = {}
        self._paired = asyncio.Event()
        self._rng = rng
        self._backoff = Backoff(rng, base=0.5, cap=30.0)
        self._wakes_backoff = Backoff(rng, base=0.5, cap=WAKES_CAP_S, jitter=0.5)
        self._epoch = secrets.token_urlsafe(6)
        self._hub: Hub | None = None
        self._camera_keyframe: Callable[[Rendition], None] = lambda _: None
        self._paces = {each: KeyframePace() for each in Rendition}
        self._outgoing = Outgoing()
        self._sender: Sender | None = None
        self._taken = False
        """The relay has said that it takes the present try, or took the last one."""
        self._in_trouble = False
        """The last try failed: nobody at the cloud can see a picture, so nobody there is demand."""
        if token is not None:
            self.pair(token)

    def pair(self, token: str) -> None:
        """Prove from now on with `token` which device this is; the pause after a refusal ends."""
        self._headers["Authorization"] = f"Bearer {token}"
        self._paired.set()

    def attach(self, hub: Hub, *, request_keyframe: Callable[[Rendition], None]) -> None:
        """Take the feed of `hub`; `request_keyframe` asks its camera for a keyframe."""
        self._hub, self._camera_keyframe = hub, request_keyframe
        hub.add_outlet(self)

    def on_watched(self, watched: bool) -> None:
        """Take whether anybody watches at the cloud."""
        if watched != self._outgoing.watched:
            self._outgoing.watched = watched
            self._demand_changed()
            self._outgoing.changed.set()

    @property
    def uploading(self) -> bool:
        """True while the relay gets the picture."""
        return self._sender is not None and self._sender.gate is State.LIVE

    @property
    def demand(self) -> Demand:
        if not self._outgoing.watched or self._in_trouble:
            return Demand()
        jpegs = self._outgoing.jpegs if self._outgoing.jpeg_fps else frozenset()
        return Demand(1, int(bool(jpegs)), self._outgoing.renditions, jpegs)

    def on_fragment(self, fragment: Fragment) -> None:
        """Take a picture of the camera; the relay has placeholders of its own."""
        ring = self._outgoing.rings[fragment.rendition]
        ring.append(fragment)
        if self._hub is not None and self._hub.live_h264:
            self._outgoing.changed.set()
        else:
            ring.clear()  # only its number counts

    def on_jpeg(self, picture: JpegPicture) -> None:
        """The same of JPEGs."""
        if self._hub is not None and self._hub.live_jpeg:
            self._outgoing.pictures[picture.rendition] = picture
            self._outgoing.changed.set()

    def on_state(self, state: State) -> None:
        """Follow the gate: forget the pictures that it shuts in; the sender ends its connection."""
        outgoing = self._outgoing
        was, outgoing.state = outgoing.state, state
        if state is State.LIVE or was is State.LIVE:
            outgoing.forget()
        if self._sender is not None:
            self._sender.on_state(was)
        outgoing.changed.set()

    async def run(self) -> None:
        """Upload whenever somebody watches."""
        async with aiohttp.ClientSession(
            ws_response_class=UploadSocket,
            middlewares=(raise_unless_upgraded,),
            **session_options(self._proxy),
        ) as session:
            while True:
                while not self._outgoing.may_connect:
                    self._outgoing.changed.clear()
                    await self._outgoing.changed.wait()
                self._paired.clear()
                pause = await self._upload(session)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._paired.wait()

    async def _upload(self, session: aiohttp.ClientSession) -> float:
        """Open one connection and use it to its end; return the pause before the next, in s."""
        self._taken = False
        failure: Exception | None = None
        try:
            await self._connect_and_send(session)
        except* (_ConnectionClosed, aiohttp.ClientError, OSError, TimeoutError) as failures:
            failure = failures.exceptions[0]
        raise_if_cancelled()
        if failure is None:
            return 0.0
        refused = _refusal(failure)
        if not self._in_trouble:
            why = refused or failure_words(failure)
            log.warning("The relay does not get the picture, trying again: %s", why)
        self._in_trouble = True
        self._demand_changed()
        if refused:
            return self._rng.uniform(*REFUSED_S)
        return self._wakes_backoff.next() if self._taken else self._backoff.next()

    async def _connect_and_send(self, session: aiohttp.ClientSession) -> None:
        socket = await self._connect(session)
        sender = self._sender = Sender(
            socket, self._outgoing, epoch=self._epoch, request_keyframe=self._request_keyframe
        )
        try:
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(self._listen(socket))
                await sender.run()
                listening.cancel()
            # aiohttp closes without waiting for the relay, and a closed socket can't be aborted:
            # the kernel would go on sending what it holds, however long that takes.
            await asyncio.sleep(SHUT_WITHIN_S)
            sender.abort_undelivered()
        finally:
            self._sender = None
            if sender.sending_for_s > PROVEN_S:
                self._wakes_backoff.reset()
            self._outgoing.jpeg_fps = 0
            self._outgoing.renditions = frozenset()
            self._demand_changed()
            if not socket.drained and socket.transport is not None:
                abort(socket.transport)
            await socket.close()

    async def _connect(self, session: aiohttp.ClientSession) -> UploadSocket:
        async with asyncio.timeout(CONNECT_S):
            socket = await session.ws_connect(
                self._url,
                headers=self._headers,
                heartbeat=HEARTBEAT_S,
                max_msg_size=4096,
                ssl=await self._trust.ssl(),
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
            )
        assert isinstance(socket, UploadSocket)
        if socket.transport is not None:
            tune(socket.transport)
        return socket

    async def _listen(self, socket: UploadSocket) -> None:
        """Follow the relay; its first word comes at once, or nobody takes the upload."""
        try:
            async with asyncio.timeout(TAKEN_WITHIN_S) as silence:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT and self._on_request(message.data):
                        silence.reschedule(None)
                        self._take()
        except TimeoutError as error:
            words = f"nothing there said within {TAKEN_WITHIN_S:g} s that it takes the upload"
            raise TimeoutError(words) from error
        raise _ConnectionClosed(socket.close_code)

    def _take(self) -> None:
        self._taken = True
        self._backoff.reset()
        if self._in_trouble:
            log.info("The relay gets the picture again")
            self._in_trouble = False
            self._demand_changed()

    def _on_request(self, text: str) -> bool:
        """Do what the relay asks; return whether it so takes the upload."""
        try:
            request = RequestMessage.model_validate_json(text)
        except ValidationError:
            return False  # from a newer relay; an unknown request is ignored
        if request.keyframe:
            self._request_keyframe(Rendition.MAIN)
        if request.renditions is not None:
            asked = {Rendition[word.upper()] for word in request.renditions}
            self._outgoing.renditions = frozenset(asked - {Rendition.MAIN})
            self._demand_changed()
        if request.jpegs is not None:
            self._outgoing.jpegs = frozenset(Rendition[word.upper()] for word in request.jpegs)
        if request.jpeg_fps is not None:
            self._outgoing.jpeg_fps = request.jpeg_fps
            self._demand_changed()
        return request.jpeg_fps is not None

    def _request_keyframe(self, rendition: Rendition) -> None:
        if self._paces[rendition].allow():
            self._camera_keyframe(rendition)

    def _demand_changed(self) -> None:
        if self._hub is not None:
            self._hub.demand_changed()


def _refusal(failure: Exception) -> str | None:
    """Return why the relay refuses this device, or None when a new try soon makes sense."""
    match failure:
        case NotUpgraded(refuses=True):
            return str(failure)
        case _ConnectionClosed(code=code) if code == SUPERSEDED:
            return "another device uploads for this kitchen"
        case _:
            return None
