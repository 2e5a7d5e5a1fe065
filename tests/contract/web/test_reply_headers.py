"""What every reply of every server tells a browser, and what it tells nobody."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from multidict import CIMultiDictProxy

from likelight.contract.problem import PROBLEM_JSON
from likelight_cloud.trust.audit_lines import row_told
from support.cloud import KID
from support.cloud_server import cloud_server
from support.waiting import WITHIN_S

SUMMARY = f"/v1/kitchens/{KID}"
EVERYWHERE = (
    f"/k/{KID}",
    SUMMARY,
    "/v1/catalogue",
    "/player/player.js",
    f"/k/{KID}/stream.mjpg",
    f"/k/{KID}/live.mp4",
    f"/k/{KID}/snapshot.jpg",
    f"{SUMMARY}/live",
    "/healthz",
    "/no/such/page",
)


def is_told(headers: CIMultiDictProxy[str] | dict[str, str]) -> None:
    assert headers["Server"] == "likelight"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    for feature in ("camera", "microphone", "geolocation"):
        assert f"{feature}=()" in headers["Permissions-Policy"]
    told = " ".join(f"{name}: {value}" for name, value in headers.items()).lower()
    assert "aiohttp" not in told
    assert "python" not in told


@asynccontextmanager
async def asking(base: str) -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=WITHIN_S)
    async with aiohttp.ClientSession(base, timeout=timeout) as session:
        yield session


async def test_every_reply_has_the_headers_of_all(tmp_path: Path) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site, asking(site.public) as session:
        for path in EVERYWHERE:
            async with session.get(path) as reply:
                is_told(reply.headers)
                assert "Strict-Transport-Security" not in reply.headers
                if reply.content_type == "text/html":
                    assert "form-action 'self'" in reply.headers["Content-Security-Policy"]
        async with session.ws_connect(f"/k/{KID}/ws") as socket:
            is_told(socket._response.headers)
        async with session.post(f"{SUMMARY}/likes", data=b"{") as reply:
            is_told(reply.headers)
        async with session.get("/healthz", headers={"Host": "elsewhere.example"}) as reply:
            assert reply.status == 421
            is_told(reply.headers)
        async with asking(site.admin) as administrator:
            async with administrator.get("/metrics") as reply:
                is_told(reply.headers)


@pytest.mark.parametrize(
    ("public_url", "told"),
    [
        ("https://kitchens.example", "max-age=31536000"),
        ("http://kitchens.example", None),
        # HSTS holds for all ports of a name, and here something else has 443.
        ("https://kitchens.example:8443", None),
    ],
)
async def test_hsts_is_told_where_viewers_come_over_tls_only(
    tmp_path: Path, public_url: str, told: str | None
) -> None:
    async with (
        cloud_server(tmp_path / "cloud.db", public_url) as site,
        asking(site.public) as session,
    ):
        for path in EVERYWHERE:
            async with session.get(path) as reply:
                assert reply.headers.get("Strict-Transport-Security") == told


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 this is TLS \r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX\x01: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["tls", "version", "name", "two-hosts", "target", "long", "length"],
)
async def test_what_is_no_request_is_a_problem_and_one_line(
    tmp_path: Path, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        caplog.clear()
        with caplog.at_level(logging.INFO):
            for _ in range(5):
                answer = await _say(site.port, garbage)
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    assert status in ("HTTP/1.0 400 Bad Request", "HTTP/1.1 400 Bad Request")
    headers = dict(line.split(": ", 1) for line in lines)
    is_told(headers)
    assert headers["Content-Type"] == PROBLEM_JSON
    assert b"This is not an HTTP/1.1 request" in body
    # Each start tells the rows of the audit log.
    (record,) = [one for one in caplog.records if row_told(one.getMessage()) is None]
    assert record.getMessage() == "A client sent what is not an HTTP/1.1 request"
    assert record.exc_info is None


async def _say(port: int, words: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(words)
    async with asyncio.timeout(WITHIN_S):
        answer = await reader.read()
    writer.close()
    return answer
