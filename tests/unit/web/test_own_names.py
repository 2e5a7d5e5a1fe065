"""Under which names a server answers, and what it says under another one."""

import asyncio
import socket

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from likelight.web.http.own_names import OwnNames
from likelight.web.http.server import new_application
from support.virtual import run_virtual


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:8080", True),
        ("192.168.1.20", True),
        ("[::1]:8080", True),
        ("localhost:8080", True),
        ("Kitchen.Example:8080", True),
        ("wolke.xn--kche-0ra", True),
        ("store-7.example:8080", True),
        (f"{socket.gethostname()}:8080", True),
        ("raspberrypi", True),
        ("raspberrypi.local.", True),
        ("likelight.internal", True),
        ("", True),  # as in HTTP/1.0, which no browser speaks
        ("rebound.example", False),
        ("127.0.0.1.rebound.example:8080", False),
        ("localhost.rebound.example", False),
        ("rebound.example:x", False),
        ("a@rebound.example", False),
        ("kitchen.example.rebound.example", False),
        ("local.", True),
        ("xlocal.example", False),
    ],
)
def test_no_name_that_another_site_can_have_is_our_own(host: str, own: bool) -> None:
    names = OwnNames(
        ["https://kitchen.example", "https://wolke.küche:8443"], host="store-7.example"
    )
    assert names.has(host) is own


async def _yes(_: web.Request) -> web.Response:
    return web.Response()


async def test_another_name_gets_a_problem_that_names_the_option_and_nothing_of_the_request() -> (
    None
):
    app = new_application(OwnNames(option="--public-url"))
    app.add_routes([web.get("/k/demo/snapshot.jpg", _yes)])
    headers = {"Host": "rebound.example"}
    async with TestClient(TestServer(app)) as client:
        for path in ("/k/demo/snapshot.jpg", "/no/such/page"):
            async with client.get(path, headers=headers) as reply:
                assert (reply.status, reply.content_type) == (421, "application/problem+json")
                problem = await reply.json(content_type=None)
        assert "--public-url" in problem["detail"]
        assert "rebound" not in problem["detail"]
        async with client.get("/k/demo/snapshot.jpg", headers={"Host": "pi.local"}) as reply:
            assert reply.status == 200


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged by us: aiohttp's test server may write a line for each request."""
    return [line.getMessage() for line in caplog.records if line.name.startswith("likelight")]


def test_strangers_under_another_name_cost_one_line_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        app = new_application(OwnNames(option="web.public_urls"))
        async with TestClient(TestServer(app)) as client:
            for host in ("rebound.example", *["other.example"] * 99):
                async with client.get("/", headers={"Host": host}) as reply:
                    assert reply.status == 421
            [first] = said(caplog)
            assert "rebound.example" in first
            assert "web.public_urls" in first
            await asyncio.sleep(200)
            [_, second] = said(caplog)
            assert "other.example" in second
            assert second.endswith("(99 such in the last minute)")

    run_virtual(scenario())
