"""Replies that end before their time: what a leaver costs, and what a fault of ours costs."""

import asyncio
import logging
import socket

import pytest
from aiohttp import web

from likelight.web.http.server import WebServer
from support.waiting import WITHIN_S

ENDED = web.AppKey("ended", asyncio.Event)


async def _begun(request: web.Request) -> web.StreamResponse:
    assert request.task is not None
    request.task.add_done_callback(lambda _: request.app[ENDED].set())
    response = web.StreamResponse()
    await response.prepare(request)
    return response


async def _until_they_leave(request: web.Request) -> web.StreamResponse:
    """Write to a client that has left, as a stream does that begins just then."""
    response = await _begun(request)
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(0.001)
    await response.write(b"data: 1\n\n")
    raise AssertionError("the write did not fail")


async def _fault(request: web.Request) -> web.StreamResponse:
    response = await _begun(request)
    await response.write(b"data: 1\n\n")
    raise RuntimeError("a fault of ours")


@pytest.mark.parametrize(
    ("path", "lines"), [("/stream", []), ("/fault", ["The reply to GET /fault broke off"])]
)
async def test_a_client_that_leaves_is_no_line_and_a_fault_is_one(
    path: str, lines: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ended = asyncio.Event()

    def fill(app: web.Application) -> None:
        app[ENDED] = ended
        app.add_routes([web.get("/stream", _until_they_leave), web.get("/fault", _fault)])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(WebServer(fill, listener).run())
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        async with asyncio.timeout(WITHIN_S):
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.abort()
            await ended.wait()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert caplog.messages == lines
    assert [record.exc_info is not None for record in caplog.records] == [True] * len(lines)
