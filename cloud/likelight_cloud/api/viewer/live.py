"""`GET /v1/kitchens/{kid}/live`: the summary as server-sent events, at most one a second."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from likelight.web.http.declared import Part, declares
from likelight_cloud.api.viewer.summary import fingerprint
from likelight_cloud.app import CLOUD, IN_KITCHEN
from likelight_cloud.kitchens.kitchen import Kitchen

LEAST_S = 1.0
KEEP_ALIVE_S = 20.0
RETRY_MS = (3000, 8000)

ALIVE = "event: alive\ndata: {}\n\n"
"""An event with data, not a comment: a browser hides comments from the page, which then can't tell
a silent kitchen from a dead connection."""

WRITE_S = 20.0
"""A page that reads nothing for this long is gone."""


@declares(
    Part.VIEWER,
    "The summary as server-sent events, at most one a second",
    {200: "text/event-stream"},
    IN_KITCHEN,
)
async def get_live(request: web.Request) -> web.StreamResponse:
    """Send the summary at once, and again whenever it has changed."""
    kitchen = await request.app[CLOUD].kitchen(request.match_info["kid"])
    return await event_stream(request, lambda response: _follow(request, kitchen, response))


async def event_stream(
    request: web.Request, follow: Callable[[web.StreamResponse], Awaitable[None]]
) -> web.StreamResponse:
    """Answer with what `follow` writes; HEAD without it."""
    cloud = request.app[CLOUD]
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    if request.method == "HEAD":
        return response
    await response.prepare(request)
    cloud.event_streams += 1
    try:
        await follow(response)
    finally:
        cloud.event_streams -= 1
    return response


async def write(response: web.StreamResponse, piece: str) -> bool:
    """Write `piece`; return whether the page still reads."""
    try:
        async with asyncio.timeout(WRITE_S):
            await response.write(piece.encode())
    except (TimeoutError, ConnectionError):
        return False
    return True


async def _follow(request: web.Request, kitchen: Kitchen, response: web.StreamResponse) -> None:
    """Write until the page has gone or the cloud ends."""
    cloud, loop = request.app[CLOUD], asyncio.get_running_loop()
    sent, silent_until = "", 0.0
    piece = f"retry: {cloud.rng.randint(*RETRY_MS)}\n"
    while cloud.serves(request) and not kitchen.gone:
        summary = kitchen.summary()
        tag = fingerprint(summary)
        if tag != sent:
            piece += f"id: {tag}\nevent: summary\ndata: {summary.model_dump_json()}\n\n"
        elif loop.time() >= silent_until:
            piece = ALIVE
        else:
            await kitchen.wait_for_change(min(silent_until, kitchen.next_timed_change()))
            continue
        if not await write(response, piece):
            return
        piece, sent, silent_until = "", tag, loop.time() + KEEP_ALIVE_S
        await asyncio.sleep(LEAST_S)
