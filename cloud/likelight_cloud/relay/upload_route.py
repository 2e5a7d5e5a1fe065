"""`WS /v1/kitchens/{kid}/feed`: the upload of a device, into its kitchen's relay."""

import asyncio
import logging
from contextlib import suppress
from typing import Literal

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import BaseModel

from likelight.feed.keyframe_pace import KEYFRAME_EVERY_S
from likelight.feed.rendition import Rendition
from likelight.feed.upload.protocol import MAX_MESSAGE, TOO_FAST, WORDS, RequestMessage
from likelight.runtime.cleanup import raise_if_cancelled
from likelight.web.http.declared import NOT_A_SOCKET, Part, declares
from likelight_cloud.app import CLOUD, IN_KITCHEN
from likelight_cloud.relay.relays import RELAYS
from likelight_cloud.relay.upload_session import UploadSession
from likelight_cloud.trust.limits import Bucket

SILENCE_S = 0.9
"""A live upload that sends nothing for this long is lost, even if TCP is still connected."""

HEARTBEAT_S = 10.0
SEND_S = 5.0
FORMAT_WITHIN_S = 30.0
"""A device may connect before its camera runs, and a camera takes some seconds to start."""

MOST_MBITS_A_S = 40
"""A camera's 20 Mbit/s at most, what an encoder sends beyond that, and five JPEGs of 1080p. What
arrives is kept, and sent on to every viewer."""

BURST_S = 2.0
"""What a line held back, and kernels had in their buffers, may come at once."""

LEAST_BYTES = 1024
"""A message counts for as much at least: reading it costs time, too."""

_MOST_BYTES_A_S = MOST_MBITS_A_S * 125_000
_TOO_FAST = f"an upload may have {MOST_MBITS_A_S} Mbit/s".encode()

log = logging.getLogger(__name__)


class FeedQuery(BaseModel):
    """Whether the upload is only asked for, and not begun."""

    probe: Literal["1"] | None = None


@declares(
    Part.DEVICE,
    "The upload of the pictures, as a WebSocket",
    {101: None},
    {**IN_KITCHEN, **NOT_A_SOCKET},
    query=FeedQuery,
    token=True,
)
async def get_feed(request: web.Request) -> web.StreamResponse:
    """Take an upload to its end; a message that breaks the contract ends it with code 1007.

    A probe is not an upload: it ends as soon as it is open, and never reaches the relay.
    """
    cloud = request.app[CLOUD]
    kitchen = await cloud.kitchen(request.match_info["kid"])
    probe = request.query.get("probe") == "1"
    token = await cloud.admit(request, kitchen, counts=not probe)
    socket = web.WebSocketResponse(
        max_msg_size=MAX_MESSAGE, heartbeat=HEARTBEAT_S, compress=False, timeout=1.0
    )
    if probe:
        await socket.prepare(request)
        await socket.close(code=WSCloseCode.OK, drain=False)
        return socket
    relay = request.app[RELAYS].open(kitchen)
    await socket.prepare(request)
    code: int = WSCloseCode.OK
    try:
        with relay.upload(token) as upload:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(_send(socket, upload))
                code = await _take(socket, upload)
                sending.cancel()
    except* (ConnectionError, TimeoutError):
        code = WSCloseCode.GOING_AWAY
    raise_if_cancelled()
    words = _TOO_FAST if code == TOO_FAST else b""
    await socket.close(code=code, message=words, drain=False)
    return socket


async def _take(socket: web.WebSocketResponse, upload: UploadSession) -> int:
    """Read until the upload ends; return the code to close it with."""
    loop = asyncio.get_running_loop()
    opened_at = loop.time()
    budget = Bucket(_MOST_BYTES_A_S, _MOST_BYTES_A_S * BURST_S, opened_at)
    while upload.ended is None:
        try:
            message = await socket.receive(timeout=SILENCE_S)
        except TimeoutError:
            upload.fall_silent()
            if upload.state is None and loop.time() - opened_at > FORMAT_WITHIN_S:
                return WSCloseCode.POLICY_VIOLATION
            continue
        if isinstance(message.data, str | bytes):
            cost = max(len(message.data), LEAST_BYTES)
            taken, _ = budget.take(cost, loop.time())
            if taken < cost:
                log.warning(
                    "An upload was closed, because it sent more than %d Mbit/s", MOST_MBITS_A_S
                )
                return TOO_FAST
        try:
            match message.type:
                case WSMsgType.TEXT:
                    upload.text(message.data)
                case WSMsgType.BINARY:
                    upload.packet(message.data)
                case _:
                    return WSCloseCode.OK  # the other side ended it, or aiohttp with its own code
        except ValueError as error:
            log.warning("An upload was closed, because it sent %s", str(error).splitlines()[0])
            return WSCloseCode.INVALID_TEXT
    return upload.ended


async def _send(socket: web.WebSocketResponse, upload: UploadSession) -> None:
    """Send the relay's requests as they come; the first is its word that it takes the upload."""
    sent: tuple[int, frozenset[Rendition]] | None = None
    asked: frozenset[Rendition] = frozenset()
    while True:
        upload.news.clear()
        async with asyncio.timeout(SEND_S):
            if upload.ended is not None:
                await socket.close(code=upload.ended)
                return
            if (upload.jpeg_fps, upload.jpegs) != sent:
                sent = upload.jpeg_fps, upload.jpegs
                await socket.send_str(_json(_jpeg_request(*sent)))
            if upload.renditions != asked:
                asked = upload.renditions
                words = tuple(WORDS[each] for each in sorted({Rendition.MAIN, *asked}))
                await socket.send_str(_json(RequestMessage(renditions=words)))
            if upload.keyframe_due():
                await socket.send_str(_json(RequestMessage(keyframe=True)))
        with suppress(TimeoutError):
            # A request for a keyframe that came too soon after another is sent a little later.
            async with asyncio.timeout(KEYFRAME_EVERY_S):
                await upload.news.wait()


def _jpeg_request(fps: int, renditions: frozenset[Rendition]) -> RequestMessage:
    if renditions == {Rendition.MAIN}:
        return RequestMessage(jpeg_fps=fps, jpegs=("main",))
    both = Rendition.MAIN in renditions
    return RequestMessage(jpeg_fps=fps, jpegs=("main", "low") if both else ("low",))


def _json(request: RequestMessage) -> str:
    return request.model_dump_json(exclude_unset=True)
