"""Which pages may write and open a WebSocket, also through a proxy, and what a refusal says."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from likelight.web.http.own_names import OwnNames
from likelight.web.http.server import WebServer
from support.waiting import WITHIN_S

WRITE, SOCKET = "write", "socket"
WAYS = pytest.mark.parametrize("way", [WRITE, SOCKET])


async def _like(_: web.Request) -> web.Response:
    return web.Response(status=202)


async def _socket(request: web.Request) -> web.WebSocketResponse:
    answer = web.WebSocketResponse()
    await answer.prepare(request)
    await answer.close()
    return answer


@asynccontextmanager
async def serving(*public_urls: str) -> AsyncIterator[aiohttp.ClientSession]:
    def fill(app: web.Application) -> None:
        app.add_routes([web.post("/likes", _like), web.get("/ws", _socket)])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        names = OwnNames(public_urls, option="--public-url")
        running = asyncio.create_task(WebServer(fill, listener, names).run())
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        timeout = aiohttp.ClientTimeout(total=WITHIN_S)
        async with aiohttp.ClientSession(base, timeout=timeout) as session:
            yield session
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def asks(session: aiohttp.ClientSession, way: str, headers: dict[str, str]) -> bool:
    """Return whether it was let through."""
    if way == WRITE:
        async with session.post("/likes", headers=headers) as reply:
            assert reply.status in (202, 403)
            return reply.status == 202
    handshake = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    handshake["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    async with session.get("/ws", headers={**handshake, **headers}) as reply:
        assert reply.status in (101, 403)
        return reply.status == 101


@WAYS
@pytest.mark.parametrize(
    ("host", "origin", "own"),
    [
        ("pi.local:8080", "http://pi.local:8080", True),
        ("pi.local:8080", "http://PI.local:8080", True),
        ("pi.local", "http://pi.local:80", True),
        ("pi.local:8080", "https://pi.local:8080", False),
        ("pi.local:8080", "http://pi.local", False),
        ("pi.local", "http://pi.local.elsewhere.example", False),
        ("pi.local", "http://pi.local/path", False),
        ("pi.local", "http://user@pi.local", False),
        ("pi.local", "null", False),
        ("pi.local", "http://[", False),
        ("pi.local", "", False),
        ("[::1]:8080", "http://[::1]:8080", True),
        # Through a proxy: as nginx's default has it, with $host on another port, with $http_host.
        ("127.0.0.1:8090", "https://kitchens.example:8443", True),
        ("kitchens.example", "https://kitchens.example:8443", True),
        ("kitchens.example:8443", "https://kitchens.example:8443", True),
        ("kitchens.example", "https://kitchens.example", False),
        ("kitchens.example", "http://kitchens.example:8443", False),
    ],
)
async def test_one_comparison_says_which_origin_is_our_own(
    way: str, host: str, origin: str, own: bool
) -> None:
    async with serving("https://kitchens.example:8443") as session:
        assert await asks(session, way, {"Host": host, "Origin": origin}) is own


@pytest.mark.parametrize(
    ("site", "origin", "write", "opens"),
    [
        ("same-origin", "http://elsewhere.example", True, True),  # a proxy changed the address
        ("none", None, True, True),
        ("cross-site", "http://pi.local", False, True),
        ("same-site", "http://pi.local", False, True),
        ("cross-site", "http://elsewhere.example", False, False),
    ],
)
async def test_what_the_browser_says_of_the_page_comes_first(
    site: str, origin: str | None, write: bool, opens: bool
) -> None:
    headers = {"Host": "pi.local", "Sec-Fetch-Site": site}
    if origin is not None:
        headers["Origin"] = origin
    async with serving() as session:
        assert await asks(session, WRITE, headers) is write
        assert await asks(session, SOCKET, headers) is opens


async def test_a_refusal_names_the_likely_cause_and_the_option_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    # nginx with `proxy_set_header Host $host` on port 8088.
    headers = {"Host": "pi.local", "Origin": "http://pi.local:8088"}
    caplog.set_level(logging.INFO)
    async with serving() as session:
        for _ in range(5):
            for way in (WRITE, SOCKET):
                assert not await asks(session, way, headers)
    assert caplog.messages == [
        "Refused what a page at http://pi.local:8088 asked of this server at http://pi.local. If "
        "that page is its own, a proxy in front changes the address: add the page's, with its "
        "scheme and port, to --public-url"
    ]


async def test_what_a_stranger_calls_itself_is_one_line_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving() as session:
        assert not await asks(session, WRITE, {"Host": "x", "Origin": "y" * 4000 + "\x9b1m\xa0"})
    (line,) = caplog.messages
    assert line.isprintable()
    assert len(line) < 600
