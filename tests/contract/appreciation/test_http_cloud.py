"""The device's HTTP client against a real server that answers badly in every known way."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from likelight.appreciation.sync.client import (
    BadCursor,
    CloudBusy,
    CloudError,
    DeviceRefused,
    LogReset,
    Superseded,
    Unreachable,
)
from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.contract import CameraReport, Health, State, Status
from support.virtual import run_virtual

TOKEN = "a-secret-that-nobody-may-see"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVENTS = {
    "cursor": "c1",
    "epoch": "e",
    "server_time": "2026-11-21T12:00:00Z",
    "likes": {"total": 5, "delta": 2},
    "notes": [
        {
            "seq": 1,
            "id": "n1",
            "code": "heroes",
            "created_at": "2026-11-21T11:00:00Z",
            "expires_at": "2026-11-21T23:00:00Z",
            "colour": "a key from the future",
        }
    ],
}
STATUS = Status(
    boot_id="b",
    n=1,
    sent_at=NOON,
    simulated=True,
    camera=CameraReport(state=State.LIVE, since=NOON),
    health=Health(sw="0"),
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def cloud_that(answers: Handler) -> AsyncIterator[HttpCloud]:
    app = web.Application()
    app.router.add_get("/v1/kitchens/demo/events", answers)
    app.router.add_post("/v1/kitchens/demo/status", answers)
    async with (
        TestServer(app) as server,
        HttpCloud(str(server.make_url("/")), "demo", TOKEN) as cloud,
    ):
        yield cloud


def always(status: int, body: object = None, **headers: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    return answer


async def test_a_question_carries_cursor_version_wait_and_token() -> None:
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response(EVENTS)

    async with cloud_that(answer) as cloud:
        events = await cloud.events("c0", 17, 25)
        await cloud.events(None, 17, 0)
    assert events.likes.total == 5
    assert events.notes[0].code == "heroes"
    assert dict(seen[0].query) == {"cursor": "c0", "wait": "25", "max_notes": "20", "dv": "17"}
    assert "cursor" not in seen[1].query
    assert seen[0].headers["Authorization"] == f"Bearer {TOKEN}"


async def test_a_status_arrives_as_json() -> None:
    bodies: list[Status] = []

    async def answer(request: web.Request) -> web.Response:
        assert request.content_type == "application/json"
        bodies.append(Status.model_validate_json(await request.read()))
        reply = {"desired": {"version": 3}, "server_time": "2026-11-21T12:00:00Z"}
        return web.json_response(reply)

    async with cloud_that(answer) as cloud:
        assert (await cloud.status(STATUS)).desired.version == 3
    assert bodies == [STATUS]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (always(400), BadCursor),
        (always(401), DeviceRefused),
        (always(403), DeviceRefused),
        (always(404), DeviceRefused),
        (always(409), Superseded),
        (always(410), LogReset),
        (always(429, **{"Retry-After": "7"}), CloudBusy),
        (always(503, **{"Retry-After": "7"}), CloudBusy),
        (always(429), Unreachable),
        (always(503), Unreachable),
        (always(503, **{"Retry-After": "soon"}), Unreachable),
        (always(500), Unreachable),
        (always(302, Location="http://elsewhere.invalid/"), Unreachable),
        (always(200, {"hello": "this is a hotel"}), Unreachable),
        (always(200, "x" * 70_000), Unreachable),
    ],
)
async def test_each_answer_has_its_meaning(answer: Handler, error: type[CloudError]) -> None:
    async with cloud_that(answer) as cloud:
        with pytest.raises(error) as caught:
            await cloud.events("c0", 0, 0)
        assert type(caught.value) is error
        assert TOKEN not in str(caught.value) + repr(cloud)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (always(401), DeviceRefused),
        (always(429, **{"Retry-After": "7"}), CloudBusy),
        (always(409), Unreachable),
        (always(422), Unreachable),
        (always(200, {}), Unreachable),
    ],
)
async def test_a_status_fails_by_the_same_names(answer: Handler, error: type[CloudError]) -> None:
    async with cloud_that(answer) as cloud:
        with pytest.raises(error):
            await cloud.status(STATUS)


async def test_what_an_answer_says_beside_its_status_is_kept() -> None:
    gone = {"type": "about:blank", "title": "Gone", "status": 410, "cursor": "fresh"}
    async with cloud_that(always(410, gone)) as cloud:
        with pytest.raises(LogReset) as reset:
            await cloud.events("c0", 0, 0)
    assert reset.value.cursor == "fresh"
    async with cloud_that(always(429, **{"Retry-After": "999999"})) as cloud:
        with pytest.raises(CloudBusy) as busy:
            await cloud.events("c0", 0, 0)
    assert busy.value.retry_after == 3600


async def test_an_endless_answer_is_given_up_at_64_kib() -> None:
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 8192)
            sent += 8192

    async with cloud_that(answer) as cloud:
        with pytest.raises(Unreachable, match="64 KiB"):
            await cloud.events("c0", 0, 0)
    assert sent < 16 * 2**20


async def test_a_cloud_that_is_not_there_or_hangs_up_is_unreachable(
    unused_tcp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    with caplog.at_level(logging.DEBUG):
        async with cloud_that(hang_up) as cloud:
            with pytest.raises(Unreachable):
                await cloud.events("c0", 0, 0)
        async with HttpCloud(f"http://127.0.0.1:{unused_tcp_port}", "demo", TOKEN) as cloud:
            with pytest.raises(Unreachable):
                await cloud.status(STATUS)
        with pytest.raises(Unreachable):
            await cloud.status(STATUS)
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("wait", [0, 25, 30])
def test_a_long_poll_is_given_up_10_s_after_its_wait(wait: int) -> None:
    async def scenario() -> None:
        assert await given_up_after(lambda cloud: cloud.events("c0", 0, wait)) == pytest.approx(
            wait + 10, abs=1
        )

    run_virtual(scenario())


def test_a_status_is_given_up_after_10_s() -> None:
    async def scenario() -> None:
        assert await given_up_after(lambda cloud: cloud.status(STATUS)) == pytest.approx(10, abs=1)

    run_virtual(scenario())


async def given_up_after(ask: Callable[[HttpCloud], Awaitable[object]]) -> float:
    """Return for how long `ask` waits for a cloud that takes the question and never answers."""
    over = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    clock = asyncio.get_running_loop().time
    async with cloud_that(answer) as cloud:
        began = clock()
        with pytest.raises(Unreachable, match="no answer within"):
            await ask(cloud)
        took = clock() - began
        over.set()
    return took


async def test_a_reply_of_64_kib_is_read_and_one_of_a_byte_more_is_not() -> None:
    def padded(size: int) -> Handler:
        async def answer(_: web.Request) -> web.Response:
            body = json.dumps(EVENTS).encode().ljust(size)
            return web.Response(body=body, content_type="application/json")

        return answer

    async with cloud_that(padded(65_536)) as cloud:
        assert (await cloud.events("c0", 0, 0)).cursor == "c1"
    async with cloud_that(padded(65_537)) as cloud:
        with pytest.raises(Unreachable, match="larger than 64 KiB"):
            await cloud.events("c0", 0, 0)


async def test_no_cursor_over_128_characters_is_taken() -> None:
    async with cloud_that(always(200, EVENTS | {"cursor": "c" * 128})) as cloud:
        assert (await cloud.events("c0", 0, 0)).cursor == "c" * 128
    async with cloud_that(always(200, EVENTS | {"cursor": "c" * 129})) as cloud:
        with pytest.raises(Unreachable, match="cursor"):
            await cloud.events("c0", 0, 0)


async def test_an_open_session_of_our_own_is_closed() -> None:
    sessions: list[aiohttp.ClientSession] = []

    def new_session() -> aiohttp.ClientSession:
        sessions.append(aiohttp.ClientSession())
        return sessions[-1]

    async with HttpCloud("http://cloud.invalid", "demo", TOKEN, new_session=new_session):
        assert not sessions[0].closed
    assert sessions[0].closed
