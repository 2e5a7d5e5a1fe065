"""The device's HTTP client against a real server that answers badly in every known way."""

import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from likelight.appreciation.sync import http_cloud
from likelight.appreciation.sync.client import (
    BadCursor,
    CatalogueUnknown,
    CloudBusy,
    CloudError,
    DeviceRefused,
    FailureKind,
    Invalid,
    NewTimeLine,
    ReplyTooLarge,
    Superseded,
    Unreachable,
    WrongDocument,
)
from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.assets.catalogue_document import MAX_DOCUMENT_BYTES, document_name
from likelight.contract import CameraReport, Health, State, Status
from likelight.runtime import http_session
from support.raw_server import raw_server
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


def refused_as(name: str, status: int, cursor: str | None = None) -> bytes:
    """Return the body of a refusal in the contract's words."""
    body = {"type": f"urn:likelight:problem:{name}", "title": "No", "status": status}
    return json.dumps(body | ({"cursor": cursor} if cursor else {})).encode()


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def cloud_that(answers: Handler) -> AsyncIterator[HttpCloud]:
    app = web.Application()
    app.router.add_get("/v1/kitchens/demo/events", answers)
    app.router.add_post("/v1/kitchens/demo/status", answers)
    app.router.add_get("/v1/kitchens/demo/catalogue/{name}", answers)
    async with (
        TestServer(app) as server,
        HttpCloud(str(server.make_url("/")), "demo", TOKEN) as cloud,
    ):
        yield cloud


def always(status: int, body: object = None, **headers: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    return answer


def refusal(status: int, name: str, *, cursor: str | None = None, **headers: str) -> Handler:
    """Refuse as the contract's clouds do."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(
            body=refused_as(name, status, cursor),
            status=status,
            headers=headers,
            content_type="application/problem+json",
        )

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
    assert dict(seen[0].query) == {"cursor": "c0", "wait": "25", "max_notes": "100", "dv": "17"}
    assert "cursor" not in seen[1].query
    assert seen[0].headers["Authorization"] == f"Bearer {TOKEN}"


async def test_a_refused_token_gives_way_to_the_one_before_until_that_is_refused() -> None:
    valid, came = {"before"}, []

    async def answer(request: web.Request) -> web.Response:
        came.append(token := request.headers["Authorization"].removeprefix("Bearer "))
        if token in valid:
            return web.json_response(EVENTS)
        return web.Response(
            body=refused_as("token", 401), status=401, content_type="application/problem+json"
        )

    async with cloud_that(answer) as cloud:
        cloud.pair("new", "before")
        assert cloud.token == "new"
        for _ in range(2):
            await cloud.events(None, 0, 0)
        assert (cloud.token, came) == ("before", ["new", "before", "before"])
        valid.clear()
        with pytest.raises(DeviceRefused):
            await cloud.events(None, 0, 0)
        valid.add("new")
        await cloud.events(None, 0, 0)
        assert cloud.token == "new"


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
        (refusal(400, "cursor"), BadCursor),
        (refusal(401, "token"), DeviceRefused),
        (refusal(403, "token"), DeviceRefused),
        (refusal(404, "kitchen"), DeviceRefused),
        (refusal(409, "superseded"), Superseded),
        (refusal(410, "epoch"), NewTimeLine),
        (refusal(422, "invalid"), Invalid),
        (refusal(429, "limit", **{"Retry-After": "7"}), CloudBusy),
        (refusal(503, "busy", **{"Retry-After": "7"}), CloudBusy),
        (refusal(429, "limit"), Unreachable),
        (refusal(503, "busy"), Unreachable),
        (refusal(503, "busy", **{"Retry-After": "soon"}), Unreachable),
        (refusal(503, "busy", **{"Retry-After": "\u0667"}), Unreachable),
        (always(500), Unreachable),
        (always(302, Location="http://elsewhere.invalid/"), Unreachable),
        (always(200, {"hello": "this is a hotel"}), Unreachable),
        (always(200, "x" * 70_000), ReplyTooLarge),
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
        (refusal(401, "token"), DeviceRefused),
        (refusal(429, "limit", **{"Retry-After": "7"}), CloudBusy),
        (always(401), Unreachable),
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
    async with cloud_that(refusal(410, "epoch", cursor="fresh")) as cloud:
        with pytest.raises(NewTimeLine) as reset:
            await cloud.events("c0", 0, 0)
    assert reset.value.cursor == "fresh"
    async with cloud_that(refusal(429, "limit", **{"Retry-After": "999999"})) as cloud:
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


STRANGERS = {
    "an ingress without a back end": (404, "text/plain", b"default backend - 404"),
    "a web filter": (403, "text/html", b"<html>This site is blocked by the store's filter</html>"),
    "a proxy's bad request": (400, "text/html", b""),
    "a proxy that wants a log-in": (407, "text/html", b""),
    "a network that wants a log-in": (511, "text/html", b""),
    "a portal": (302, "text/html", b""),
    "another API": (401, "application/problem+json", b'{"title": "No", "status": 401}'),
    "the right words as JSON": (401, "application/json", refused_as("token", 401)),
    "a type with another's status": (404, "application/problem+json", refused_as("token", 404)),
    "words that can't be read": (410, "application/problem+json", b"{"),
    "a cursor of two lines": (410, "application/problem+json", refused_as("epoch", 410, "a\nb")),
    "a page instead of a conflict": (409, "text/html", b"<html>"),
    "a maintenance page": (503, "text/html", b"<html>"),
}


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_what_a_stranger_answers_is_an_outage_and_refuses_nobody(stranger: str) -> None:
    status, content_type, body = STRANGERS[stranger]

    async def answer(_: web.Request) -> web.Response:
        headers = {"Content-Type": content_type, "Location": "http://portal.invalid/"}
        return web.Response(status=status, body=body, headers=headers | {"Retry-After": "3600"})

    async with cloud_that(answer) as cloud:
        for ask in (cloud.events("c0", 0, 0), cloud.status(STATUS)):
            with pytest.raises(Unreachable, match=str(status)) as outage:
                await ask
            kind = FailureKind.CLOUD if status == 503 else FailureKind.INTERCEPTED
            assert outage.value.failure is kind


async def test_nothing_that_a_peer_writes_comes_into_the_words_as_it_is() -> None:
    desired = {"version": 1, "mode": "\x1b[31m\nERROR all is lost"}
    async with cloud_that(always(200, EVENTS | {"desired": desired, "a\nb": 1})) as cloud:
        with pytest.raises(Unreachable) as caught:
            await cloud.events("c0", 0, 0)
    assert str(caught.value).isprintable()

    async def no_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nA\x1b[31m b\r\n\r\n" + b"x" * 500)
        writer.close()

    async with (
        raw_server(no_http) as port,
        HttpCloud(f"http://127.0.0.1:{port}", "demo", TOKEN) as cloud,
    ):
        with pytest.raises(Unreachable) as caught:
            await cloud.events("c0", 0, 0)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= 200


async def test_a_front_end_that_sets_ever_new_cookies_gets_none_of_them_back() -> None:
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        response = web.json_response(EVENTS)
        response.set_cookie(f"session_{len(asked)}", "x" * 40)
        return response

    app = web.Application()
    app.router.add_get("/v1/kitchens/demo/events", answer)
    # Under a name: no jar keeps the cookies of an address.
    async with TestServer(app, host="localhost") as server:
        assert server.port is not None
        async with HttpCloud(f"http://localhost:{server.port}", "demo", TOKEN) as cloud:
            for _ in range(3):
                await cloud.events("c0", 0, 0)
    assert [request.headers.get("Cookie") for request in asked] == [None] * 3


async def test_a_compressed_reply_is_neither_asked_for_nor_unpacked() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.headers["Accept-Encoding"])
        body = gzip.compress(json.dumps(EVENTS).encode())
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    async with cloud_that(answer) as cloud:
        with pytest.raises(Unreachable):
            await cloud.events("c0", 0, 0)
    assert asked == ["identity"]


async def test_an_open_session_of_our_own_is_closed() -> None:
    sessions: list[aiohttp.ClientSession] = []

    def new_session() -> aiohttp.ClientSession:
        sessions.append(aiohttp.ClientSession())
        return sessions[-1]

    async with HttpCloud("http://cloud.invalid", "demo", TOKEN, new_session=new_session):
        assert not sessions[0].closed
    assert sessions[0].closed


async def test_a_proxy_gets_the_question_and_a_variable_of_another_program_does_not_name_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    async def proxy(request: web.Request) -> web.Response:
        asked.append(f"{request.host} {request.path}")
        return web.json_response({}, status=503)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", proxy)
    async with TestServer(app) as server:
        address = str(server.make_url("/"))
        session = partial(http_session.new_session, address)
        async with HttpCloud("http://cloud.invalid", "demo", TOKEN, new_session=session) as cloud:
            with pytest.raises(Unreachable, match="503"):
                await cloud.events(None, 0, 0)
        assert asked == ["cloud.invalid /v1/kitchens/demo/events"]
        monkeypatch.setenv("http_proxy", address)
        async with HttpCloud("http://cloud.invalid", "demo", TOKEN) as cloud:
            with pytest.raises(Unreachable):
                await cloud.events(None, 0, 0)
        assert len(asked) == 1


WHOLE = b" " * MAX_DOCUMENT_BYTES
"""The largest document that there may be."""


def gives(body: bytes, status: int = 200, **headers: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers=headers)

    return answer


async def never(request: web.Request) -> web.StreamResponse:
    """Begin a document and stop in the middle."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"{")
    await asyncio.sleep(60)
    return response


async def test_a_catalogue_is_fetched_with_the_token_and_is_what_its_name_says() -> None:
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response(body=WHOLE)

    async with cloud_that(answer) as cloud:
        assert await cloud.catalogue(document_name(WHOLE)) == WHOLE
    assert seen[0].path == f"/v1/kitchens/demo/catalogue/{document_name(WHOLE)}"
    assert seen[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("answers", "error", "told"),
    [
        (gives(b"{}"), WrongDocument, "another checksum"),
        (gives(gzip.compress(WHOLE), **{"Content-Encoding": "gzip"}), WrongDocument, "another"),
        (gives(WHOLE + b" "), WrongDocument, "larger than 256 KiB"),
        (gives(b"", 302, Location="/v1/kitchens/demo/events"), Unreachable, "another address"),
        (gives(b"Not found", 404), Unreachable, "a proxy or a filter"),
        (gives(b"", 304), Unreachable, "another address"),
        (gives(b"", 500), Unreachable, "status 500"),
        (refusal(404, "catalogue"), CatalogueUnknown, "has no such catalogue"),
        (refusal(404, "kitchen"), DeviceRefused, "status 404"),
        (refusal(401, "token"), DeviceRefused, "status 401"),
        (refusal(503, "busy", **{"Retry-After": "7"}), CloudBusy, "busy for 7 s"),
        (never, Unreachable, "no answer within 0.5 s"),
    ],
)
async def test_what_is_not_the_catalogue_is_a_failure_in_words(
    monkeypatch: pytest.MonkeyPatch, answers: Handler, error: type[CloudError], told: str
) -> None:
    if answers is never:
        monkeypatch.setattr(http_cloud, "CATALOGUE_TIMEOUT_S", 0.5)
    async with cloud_that(answers) as cloud:
        with pytest.raises(error, match=told):
            await cloud.catalogue(document_name(WHOLE))
