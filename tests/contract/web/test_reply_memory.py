"""What stays in memory of a reply once it is sent."""

import asyncio
import gc
import weakref

import aiohttp
from aiohttp import web

from likelight.web.http.address import own_address
from likelight.web.http.server import WebServer, listen


async def test_nothing_of_a_reply_stays_while_the_next_request_is_held() -> None:
    """A device polls again at once, on the same connection, and may be held for 30 s."""
    replies: list[weakref.ref[web.Response]] = []
    held, answer = asyncio.Event(), asyncio.Event()

    async def poll(request: web.Request) -> web.Response:
        if "hold" in request.query:
            held.set()
            await answer.wait()
        reply = web.Response(text="a reply")
        replies.append(weakref.ref(reply))
        return reply

    def fill(app: web.Application) -> None:
        app.router.add_get("/poll", poll)

    with listen("127.0.0.1", 0) as listener:
        address = f"{own_address(listener)}/poll"
        async with (
            asyncio.TaskGroup() as group,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session,
        ):
            serving = group.create_task(WebServer(fill, listener).run())
            async with session.get(address) as first:
                assert await first.text() == "a reply"
            second = group.create_task(session.get(address, params={"hold": "yes"}))
            await held.wait()
            gc.collect()
            assert [reply() for reply in replies] == [None]
            answer.set()
            async with await second as last:
                assert await last.text() == "a reply"
            serving.cancel()
