"""Whoever answers in the relay's place, and a relay that says nonsense: the upload goes on."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from support.raw_server import raw_server
from support.relay import Uploading, uploading
from support.scripted_relay import Answer, ScriptedRelay, scripted_relay
from support.virtual import run_virtual
from support.waiting import until

PROBLEM_JSON = "application/problem+json"
TOKEN = b'{"type": "urn:likelight:problem:token", "title": "No", "status": 401}'
DEEP = b"[" * 60_000


def page(status: int) -> web.Response:
    """Answer as a log-in page or a filter does."""
    return web.Response(status=status, text="<h1>No</h1>", content_type="text/html")


def said(status: int, body: bytes, content_type: str = PROBLEM_JSON) -> web.Response:
    return web.Response(status=status, body=body, content_type=content_type)


STRANGERS = {
    "a page with 401": lambda: page(401),
    "a page with 403": lambda: page(403),
    "a page with 404": lambda: page(404),
    "a page with 409": lambda: page(409),
    "a log-in page with 200": lambda: page(200),
    "a proxy without WebSockets": lambda: page(426),
    "no body": lambda: web.Response(status=404),
    "another API": lambda: said(401, b'{"title": "No", "status": 401}'),
    "the contract's words in a page": lambda: said(401, TOKEN, "text/html"),
    "a type with another's status": lambda: said(404, TOKEN),
    "no JSON": lambda: said(401, b"{"),
    "deep JSON": lambda: said(401, DEEP),
    "more than the contract allows": lambda: said(401, TOKEN + b" " * 70_000),
}


async def pause_after(answer: Answer) -> float:
    """Return how many seconds after `answer` the next line is asked for."""
    async with scripted_relay(answer) as relay, uploading(relay.url) as device:
        open_gate(device)
        await until(lambda: len(relay.opened_at) == 2, within=600)
    return relay.opened_at[1] - relay.opened_at[0]


def open_gate(device: Uploading) -> None:
    device.upload.on_watched(True)
    device.live()


@asynccontextmanager
async def line() -> AsyncIterator[tuple[ScriptedRelay, Uploading]]:
    """Upload over a line on which the relay can speak."""
    async with scripted_relay() as relay, uploading(relay.url) as device:
        open_gate(device)
        await until(lambda: relay.ready and device.socket is not None)
        yield relay, device


@pytest.mark.parametrize("who", STRANGERS)
def test_what_does_not_speak_the_contract_is_an_outage(who: str) -> None:
    async def scenario() -> None:
        assert await pause_after(STRANGERS[who]()) <= 0.6

    run_virtual(scenario())


def test_a_body_that_never_ends_is_given_up_after_five_seconds() -> None:
    async def scenario() -> None:
        asked: list[float] = []
        clock = asyncio.get_running_loop().time

        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(clock())
            writer.write(b"HTTP/1.1 401 No\r\nContent-Length: 1000\r\n\r\n{")
            await reader.read()
            writer.close()

        async with (
            raw_server(drip) as port,
            uploading(f"http://127.0.0.1:{port}") as device,
        ):
            open_gate(device)
            await until(lambda: len(asked) == 2, within=60)
        assert 5.0 <= asked[1] - asked[0] <= 5.6

    run_virtual(scenario())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_token_does_not_follow_a_redirect(status: int) -> None:
    async def scenario() -> None:
        async with scripted_relay() as elsewhere:
            address = f"{elsewhere.url}/v1/kitchens/demo/feed"
            answer = web.Response(status=status, headers={"Location": address})
            assert await pause_after(answer) <= 0.6
            assert elsewhere.opened_at == []

    run_virtual(scenario())


def test_no_cookie_of_a_front_end_is_sent_back() -> None:
    async def scenario() -> None:
        async with scripted_relay(1011) as relay:
            relay.cookie = "x" * 4000
            # A host name, as for an address a cookie is dropped in any case.
            async with uploading(relay.url.replace("127.0.0.1", "localhost")) as device:
                open_gate(device)
                await until(lambda: len(relay.requests) == 2, within=60)
        assert [request.headers.get("Cookie") for request in relay.requests] == [None, None]

    run_virtual(scenario())


def test_what_a_stranger_writes_is_harmless_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "likelight.feed.upload")

    async def scenario() -> None:
        asked: list[bytes] = []

        async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"\x1b[31mHTTP/1.1 " + b"no relay " * 400 + b"\r\n\r\n")
            writer.close()

        async with (
            raw_server(babble) as port,
            uploading(f"http://127.0.0.1:{port}") as device,
        ):
            open_gate(device)
            await until(lambda: len(asked) == 2, within=60)

    run_virtual(scenario())
    (line,) = caplog.messages
    start = "The relay does not get the picture, trying again: "
    assert line.startswith(start)
    assert line.isprintable()
    assert len(line) <= len(start) + 200


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (401, "it refuses this device (status 401)"),
        (403, "it refuses this device (status 403)"),
        (503, "it answered with status 503"),
        (4409, "another device uploads for this kitchen"),
    ],
)
def test_the_log_says_what_the_relay_answered(
    answer: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    run_virtual(pause_after(answer))
    assert caplog.messages[0] == f"The relay does not get the picture, trying again: {words}"


def test_the_log_tells_a_stranger_from_the_relay(caplog: pytest.LogCaptureFixture) -> None:
    run_virtual(pause_after(page(403)))
    assert caplog.messages[0] == (
        "The relay does not get the picture, trying again: something else answered with status 403"
    )


NONSENSE: dict[str, str | bytes] = {
    "binary": b"\x00\xff" * 500,
    "nothing": "",
    "no JSON": '{"keyframe": tru',
    "deep JSON": "[" * 4000,
    "deep objects": '{"keyframe":' * 300 + "1" + "}" * 300,
    "a number of 4000 digits": json.dumps({"jpeg_fps": 1}).replace("1", "1" * 4000),
    "not a number": '{"jpeg_fps": NaN}',
    "a lone surrogate": r'{"keyframe": "\ud800"}',
    "too many JPEGs": '{"jpeg_fps": 31}',
    "a list": "[true]",
}


@pytest.mark.parametrize("what", NONSENSE)
def test_a_message_that_means_nothing_is_ignored(what: str) -> None:
    async def scenario() -> None:
        async with line() as (relay, device):
            await relay.say(NONSENSE[what])
            await relay.wish(keyframe=True)
            await until(lambda: len(device.keyframes_asked) == 1, within=1)
            assert len(relay.opened_at) == 1

    run_virtual(scenario())


@pytest.mark.parametrize(
    "frame",
    [
        b"\x81\x7e\x13\x88" + b" " * 5000,
        b"\x81\x7f" + b"\x7f" + b"\xff" * 7,
        b"\x81\x02\xff\xfe",
        b"\xff" * 100,
        b"\x88\x02\x00\x00",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["5000 bytes", "8 EiB", "no UTF-8", "no frame", "close code 0", "HTTP"],
)
def test_after_what_is_no_message_at_all_a_new_line_is_opened_soon(frame: bytes) -> None:
    async def scenario() -> None:
        async with line() as (relay, device):
            began = asyncio.get_running_loop().time()
            relay.babble(frame)
            await until(lambda: len(relay.opened_at) == 2, within=60)
            assert relay.opened_at[1] - began <= 2.0
            await until(lambda: relay.ready, within=1)
            await relay.wish(keyframe=True)
            await until(lambda: len(device.keyframes_asked) == 1, within=1)

    run_virtual(scenario())
