"""LL-HLS over HTTP, under `/k/{kid}/`: its addresses, and how long caches may keep an answer."""

import re
from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import BaseModel, Field

from likelight.feed.hls.hls import MEDIA_PLAYLIST, Hls, HlsRequestError
from likelight.feed.hls.playlist import Rendered
from likelight.feed.transport import tune
from likelight.web.http.declared import Part, declares, with_problems
from likelight.web.http.encoding import accepts_gzip

_NO_STORE = {"Cache-Control": "no-store"}
# A blocking reload has the same answer for every viewer; the RFC allows to keep it for six target
# durations. It holds no picture, and neither does an init.
_ANSWER = {"Cache-Control": "public, max-age=12"}
# A part never changes, but no cache may hold a picture long after a shut. Low-latency players ask
# for a part as soon as it is made; a player that joins begins 1.6 s behind that.
_MEDIA = {"Cache-Control": "public, max-age=2"}
_PLAYLIST = {"Cache-Control": "public, max-age=1"}
_PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = Callable[[Hls, web.Request], Awaitable[web.StreamResponse]]

_GONE = {404: "There is no such kitchen, or this is not kept any more."}
_LATE = {**_GONE, 503: "It was not there in time."}


class PlaylistQuery(BaseModel):
    """The part that a blocking reload waits for."""

    number: int | None = Field(default=None, ge=0, alias="_HLS_msn")
    part: int | None = Field(default=None, ge=0, alias="_HLS_part")


def hls_routes(find: Callable[[str], Hls | None]) -> list[web.RouteDef]:
    """Return the routes of LL-HLS; `find` gives the LL-HLS of a kitchen, None is answered 404.

    `/k/{kid}/stream.m3u8` is where a player begins, and `main.m3u8` where one does that reads every
    rendition that is listed, as FFmpeg's does: it lists the main one alone. HEAD waits for no
    playlist and wakes no camera.
    """

    def handler(answer: Answer) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            hls = find(request.match_info["kid"])
            if hls is not None and "rendition" in request.match_info:
                hls = hls.others[request.match_info["rendition"]]
            if hls is None or request.match_info.get("epoch", hls.epoch) != hls.epoch:
                raise web.HTTPNotFound(headers=_NO_STORE)
            try:
                return await answer(hls, request)
            except HlsRequestError as error:
                raise web.HTTPBadRequest(headers=_NO_STORE, text=str(error)) from None
            except TimeoutError:
                retry = {**_NO_STORE, "Retry-After": "1"}
                raise web.HTTPServiceUnavailable(headers=retry) from None

        return with_problems(answer, handle, {})

    routes = [
        web.get("/k/{kid}/stream.m3u8", handler(_multivariant)),
        web.get("/k/{kid}/main.m3u8", handler(_main)),
    ]
    for rendition in ("", "{rendition:low|slide}/"):
        under = "/k/{kid}/hls/{epoch}/" + rendition
        routes += [
            web.get(under + MEDIA_PLAYLIST, handler(_playlist)),
            web.get(under + r"init-{init:\d{1,9}}.mp4", handler(_init)),
            web.get(under + r"{number:\d{1,15}}.m4s", handler(_segment)),
            web.get(under + r"{number:\d{1,15}}.{part:\d{1,9}}.m4s", handler(_part)),
        ]
    return routes


@declares(Part.PICTURES, "LL-HLS: where a player begins", {200: _PLAYLIST_TYPE}, _LATE)
async def _multivariant(hls: Hls, request: web.Request) -> web.StreamResponse:
    if request.method == "HEAD":
        return web.StreamResponse(headers=_headers(_PLAYLIST))
    return _text(request, await hls.multivariant(), _PLAYLIST)


@declares(Part.PICTURES, "The same with the main rendition alone", {200: _PLAYLIST_TYPE}, _LATE)
async def _main(hls: Hls, request: web.Request) -> web.StreamResponse:
    if request.method == "HEAD":
        return web.StreamResponse(headers=_headers(_PLAYLIST))
    return _text(request, await hls.only(), _PLAYLIST)


@declares(
    Part.PICTURES,
    "The playlist, as soon as it has the part that is asked for",
    {200: _PLAYLIST_TYPE},
    {**_LATE, 400: "The part is not a number, or too far ahead."},
    query=PlaylistQuery,
)
async def _playlist(hls: Hls, request: web.Request) -> web.StreamResponse:
    number, part = _number(request, "_HLS_msn"), _number(request, "_HLS_part")
    lifetime = _PLAYLIST if number is None else _ANSWER
    if request.method == "HEAD":
        return web.StreamResponse(headers=_headers(lifetime))
    return _text(request, await hls.playlist(number, part), lifetime)


@declares(Part.PICTURES, "An init segment", {200: "video/mp4"}, _GONE)
async def _init(hls: Hls, request: web.Request) -> web.Response:
    init = hls.init(int(request.match_info["init"]))
    return _media(hls, request, init.segment if init else None, "video/mp4", _ANSWER)


@declares(Part.PICTURES, "A segment", {200: "video/iso.segment"}, _GONE)
async def _segment(hls: Hls, request: web.Request) -> web.Response:
    body = hls.segment(int(request.match_info["number"]))
    return _media(hls, request, body, "video/iso.segment")


@declares(Part.PICTURES, "A part", {200: "video/iso.segment"}, _LATE)
async def _part(hls: Hls, request: web.Request) -> web.Response:
    body = await hls.part(int(request.match_info["number"]), int(request.match_info["part"]))
    return _media(hls, request, body, "video/iso.segment")


def _number(request: web.Request, name: str) -> int | None:
    values = request.query.getall(name, [])
    if not values:
        return None
    if len(values) > 1 or not _NUMBER.fullmatch(values[0]):
        raise HlsRequestError(f"{name} is not a number")
    return int(values[0])


def _headers(lifetime: dict[str, str]) -> dict[str, str]:
    return {**lifetime, "Content-Type": _PLAYLIST_TYPE, "Vary": "Accept-Encoding"}


def _text(request: web.Request, playlist: Rendered, lifetime: dict[str, str]) -> web.Response:
    headers = _headers(lifetime)
    if not accepts_gzip(request):
        return web.Response(body=playlist.plain, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return web.Response(body=playlist.gzipped, headers=headers)


def _media(
    hls: Hls, request: web.Request, body: bytes | None, kind: str, lifetime: dict[str, str] = _MEDIA
) -> web.Response:
    transport = request.transport
    if body is None or transport is None:
        raise web.HTTPNotFound(headers=_NO_STORE)
    tune(transport)
    hls.hub.track_response(transport)
    return web.Response(body=body, content_type=kind, headers=lifetime)
