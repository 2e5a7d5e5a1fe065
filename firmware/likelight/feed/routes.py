"""The feed over HTTP: fMP4 over WebSocket or as one endless file, MJPEG, and one JPEG.

All of it lies under `/k/{kid}/`; LL-HLS has routes of its own.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from aiohttp import WSMsgType, web
from pydantic import BaseModel, ValidationError

from likelight.feed import framing
from likelight.feed.acks import Acks
from likelight.feed.hub import Hub
from likelight.feed.rendition import Rendition
from likelight.feed.viewers import SocketViewer
from likelight.web.http.client_address import came_by_proxy
from likelight.web.http.declared import NOT_A_SOCKET, Part, declares

_MAX_MESSAGE = 1024  # bytes; 40 acknowledgements have 900 at most
_MAX_MESSAGES = 20  # in a second: 10 texts with acknowledgements; pings and pongs count
_HEARTBEAT_S = 30.0
_CLOSE_WITHIN_S = 1.0
_NO_STORE = {"Cache-Control": "no-store"}
# A proxy must keep nothing back of a stream: nginx would write what it can't pass on to its disk.
_STREAM = {**_NO_STORE, "X-Accel-Buffering": "no"}

_NO_FEED = {404: "`kitchen`: there is no such kitchen."}
_NO_PICTURE = {503: "No picture came in time."}


class SocketQuery(BaseModel):
    """What a page that acknowledges knows of its line."""

    line: Literal["unproven", "slow"] | None = None


class EndlessQuery(BaseModel):
    """Which rendition is asked for."""

    rendition: Literal["main", "low", "slide"] = "main"


class MultipartQuery(BaseModel):
    """The same; `auto` is the largest that the connection takes."""

    rendition: Literal["main", "low", "slide", "auto"] = "main"


def feed_routes(find: Callable[[str], Hub | None]) -> list[web.RouteDef]:
    """Return the routes of the feed; `find` gives the hub of a kitchen, None is answered 404.

    HEAD is answered at once, and wakes no camera.
    """

    def hub_of(request: web.Request) -> Hub:
        hub = find(request.match_info["kid"])
        if hub is None:
            raise web.HTTPNotFound(headers=_NO_STORE)
        return hub

    @declares(
        Part.PICTURES,
        "H.264 as fMP4, for the page: a WebSocket",
        {101: None},
        {**_NO_FEED, **NOT_A_SOCKET},
        query=SocketQuery,
    )
    async def socket(request: web.Request) -> web.StreamResponse:
        return await _socket(request, hub_of(request))

    @declares(
        Part.PICTURES,
        "H.264 as one endless fMP4",
        {200: "video/mp4"},
        {**_NO_FEED, 400: "There is no such rendition."},
        query=EndlessQuery,
    )
    async def endless(request: web.Request) -> web.StreamResponse:
        return await _endless(request, hub_of(request))

    @declares(
        Part.PICTURES,
        "JPEGs without end",
        {200: "multipart/x-mixed-replace"},
        {**_NO_FEED, 400: "There is no such rendition."},
        query=MultipartQuery,
    )
    async def multipart(request: web.Request) -> web.StreamResponse:
        return await _multipart(request, hub_of(request))

    @declares(Part.PICTURES, "One JPEG", {200: "image/jpeg"}, {**_NO_FEED, **_NO_PICTURE})
    async def snapshot(request: web.Request) -> web.StreamResponse:
        return await _snapshot(request, hub_of(request))

    return [
        web.get("/k/{kid}/ws", socket, allow_head=False),
        web.get("/k/{kid}/live.mp4", endless),
        web.get("/k/{kid}/stream.mjpg", multipart),
        web.get("/k/{kid}/snapshot.jpg", snapshot),
    ]


async def _socket(request: web.Request, hub: Hub) -> web.StreamResponse:
    # The hub writes whole frames to the transport itself; aiohttp's own pings and closes are whole
    # frames too, so the two never interleave. Pings come to us, so that a flood of them counts.
    ws = web.WebSocketResponse(
        compress=False,
        max_msg_size=_MAX_MESSAGE,
        heartbeat=_HEARTBEAT_S,
        autoping=False,
        timeout=_CLOSE_WITHIN_S,
    )
    ws.headers.update(_NO_STORE)
    await ws.prepare(request)
    with hub.watch_h264(_transport(request), request.query.get("line")) as viewer:
        flooded = await _listen(ws, viewer)
    if flooded:
        await ws.close(code=1008, message=b"too many messages", drain=False)
    return ws


async def _listen(ws: web.WebSocketResponse, viewer: SocketViewer) -> bool:
    """Read acknowledgements until the viewer leaves; what is none is ignored.

    Return True when it has not left, but sends too many.
    """
    loop = asyncio.get_running_loop()
    began_at, count = loop.time(), 0
    async for message in ws:
        now = loop.time()
        if now - began_at > 1.0:
            began_at, count = now, 0
        count += 1
        if count > _MAX_MESSAGES:
            return True
        if message.type is WSMsgType.PING:
            await ws.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            with suppress(ValidationError):
                viewer.acknowledge(Acks.model_validate_json(message.data))
    return False


async def _endless(request: web.Request, hub: Hub) -> web.StreamResponse:
    rendition = _rendition(request)
    response = _Unframed(headers={"Content-Type": "video/mp4", **_STREAM})
    response.force_close()
    if request.method == "HEAD":
        return response
    await response.prepare(request)
    by_proxy = came_by_proxy(request)
    with hub.watch_mp4(_transport(request), rendition, by_proxy=by_proxy) as viewer:
        await viewer.gone.wait()
    return response


async def _multipart(request: web.Request, hub: Hub) -> web.StreamResponse:
    auto = request.query.get("rendition") == "auto"
    rendition = None if auto else _rendition(request)
    response = _Unframed(headers={"Content-Type": framing.MULTIPART, **_STREAM})
    response.force_close()
    if request.method == "HEAD":
        return response
    await response.prepare(request)
    by_proxy = came_by_proxy(request)
    with hub.watch_jpeg(_transport(request), rendition, by_proxy=by_proxy) as viewer:
        await viewer.gone.wait()
    return response


class _Unframed(web.StreamResponse):
    """A body without chunks that ends with the connection, as simple MJPEG readers expect it.

    So the hub's shared bytes go out as they are.
    """

    _length_check = False


async def _snapshot(request: web.Request, hub: Hub) -> web.StreamResponse:
    if request.method == "HEAD":
        return web.StreamResponse(headers={**_NO_STORE, "Content-Type": "image/jpeg"})
    picture = await hub.snapshot(_transport(request))
    if picture is None:
        raise web.HTTPServiceUnavailable(headers={**_NO_STORE, "Retry-After": "2"})
    stamp = {"X-Timestamp": framing.timestamp(picture.captured_us)}
    return web.Response(
        body=picture.jpeg, content_type="image/jpeg", headers={**_NO_STORE, **stamp}
    )


def _rendition(request: web.Request) -> Rendition:
    word = request.query.get("rendition", Rendition.MAIN.word)
    found = next((each for each in Rendition if each.word == word), None)
    if found is None:
        raise web.HTTPBadRequest(headers=_NO_STORE, text="rendition is one of main, low, slide")
    return found


def _transport(request: web.Request) -> asyncio.Transport:
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("The viewer left before the first picture")
    return transport
