"""Whatever a viewer, or who plays one, sends: a reply of the contract, and no traceback in the log.

Sent as bytes, because a client library refuses to send half of it.
"""

import asyncio
import json
import uuid
from logging import WARNING
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.cloud import KID
from support.cloud_server import ServedCloud, cloud_server
from support.strange import STRANGE, changed, paths, replaced, values, wire
from support.waiting import WITHIN_S

KITCHEN = f"/v1/kitchens/{KID}"
BODIES = {
    f"{KITCHEN}/likes": {"n": 1, "batch": "0b0c1c0e-3c5e-4f6a-9d1e-5a7b9c2d4e6f"},
    f"{KITCHEN}/notes": {"code": "heroes"},
    f"{KITCHEN}/watching": {"view": "a-random-view"},
}
TAKEN = {202, 201, 204}
REFUSED = {400, 403, 404, 405, 413, 415, 417, 421, 422, 429}
"""What CONTRACT.md has for a viewer, and for whoever speaks no HTTP or another method."""
TEXTS = [
    *(value for value in STRANGE if isinstance(value, str)),
    *("*", '"', 'W/"', '"a", W/"b', "bytes=0-", "-1", "9" * 400, "%00", "%ED%A0%80", "%ff", "\xff"),
    *("application/json; charset=utf-7", "application/json;", "multipart/form-data", ";=;", "a=b;"),
    *("likelight_viewer=", "likelight_viewer=v1.a.9.b", "likelight_viewer=\xff", "gzip", "chunked"),
    *(
        "http://[",
        "http://%",
        "null",
        "[::1",
        "a..b",
        ":",
        "kitchens.local:99999999",
        "Bearer \xff",
    ),
]
NAMES = ["Accept", "Accept-Encoding", "Authorization", "Content-Encoding", "Content-Type", "Cookie"]
NAMES += ["Expect", "Host", "Idempotency-Key", "If-Modified-Since", "If-None-Match", "Origin"]
NAMES += ["Range", "Referer", "Sec-Fetch-Site", "Forwarded", "X-Forwarded-For", "X-HTTP-Method"]
texts = st.sampled_from(TEXTS) | st.text(max_size=30)
headers = st.lists(st.tuples(st.sampled_from(NAMES), texts), max_size=3)
targets = st.one_of(
    st.sampled_from([*BODIES, KITCHEN, f"{KITCHEN}/events", "/v1/notes/n1", "/v1/catalogue"]),
    texts.map(lambda text: f"/v1/notes/{text}"),
    texts.map(lambda text: f"/v1/kitchens/{text}"),
    texts.map(lambda text: f"/v1/catalogue?lang={text}"),
    texts.map(lambda text: f"{KITCHEN}/likes?{text}"),
)
methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])


def on_one_line(text: str) -> bytes:
    """Return `text` as bytes that end no header and no target: a peer may send any others."""
    return text.encode("utf-8", "surrogatepass").translate(None, b"\r\n\0")


async def said(
    site: ServedCloud, method: str, target: str, head: list[tuple[str, str]], body: bytes
) -> int:
    """Send a request on a connection of its own; return the reply's status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    given = {name.lower() for name, _ in head}
    head = [*head, ("Connection", "close"), ("Content-Length", str(len(body)))]
    if "host" not in given:
        head.append(("Host", f"127.0.0.1:{site.port}"))
    if "content-type" not in given:
        head.append(("Content-Type", "application/json"))
    if "idempotency-key" not in given:
        head.append(("Idempotency-Key", str(uuid.uuid4())))
    lines = [b" ".join((method.encode(), on_one_line(target).replace(b" ", b"%20"), b"HTTP/1.1"))]
    lines += [on_one_line(f"{name}: {value}") for name, value in head]
    try:
        writer.write(b"\r\n".join([*lines, b"", body]))
        reply = await asyncio.wait_for(reader.read(), WITHIN_S)
    finally:
        writer.close()
    start, _, rest = reply.partition(b"\r\n")
    top, _, content = rest.partition(b"\r\n\r\n")
    status = int(start.split(b" ")[1])
    if status >= 400 and method != "HEAD":
        assert b"content-type: application/problem+json" in top.lower(), reply
        problem = json.loads(content)
        assert problem["status"] == status
        assert problem["detail"]
    return status


def tracebacks(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.exc_info or one.levelno > WARNING]


async def test_each_field_of_a_viewer_s_body_with_each_strange_value_is_taken_or_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        seen = set()
        for target, whole in BODIES.items():
            for path in paths(whole):
                for value in STRANGE:
                    body = wire(replaced(whole, path, value))
                    status = await said(site, "POST", target, [], body)
                    assert status in TAKEN | {400, 413, 422, 429}, (target, path, value)
                    seen.add(status)
        assert {204, 400, 422} <= seen
        assert tracebacks(caplog) == []


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(sorted(BODIES)).flatmap(
            lambda target: st.tuples(st.just(target), changed(BODIES[target]) | values)
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_body_of_a_viewer_is_taken_or_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, bodies: list[tuple[str, Any]]
) -> None:
    async def scenario() -> None:
        async with cloud_server(tmp_path / "cloud.db") as site:
            for target, body in bodies:
                status = await said(site, "POST", target, [], wire(body))
                assert status in TAKEN | {400, 413, 422, 429}
            assert await said(site, "GET", KITCHEN, [], b"") == 200
        assert tracebacks(caplog) == []

    asyncio.run(scenario())


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(methods, targets, headers, st.binary(max_size=30)), max_size=5))
def test_any_header_query_and_address_is_taken_or_refused(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    requests: list[tuple[str, str, list[tuple[str, str]], bytes]],
) -> None:
    async def scenario() -> None:
        async with cloud_server(tmp_path / "cloud.db") as site:
            for method, target, head, noise in requests:
                body = wire(BODIES[target]) if target in BODIES else noise
                status = await said(site, method, target, head, body)
                assert status in TAKEN | REFUSED | {200, 304, 401}, (method, target, head)
            assert await said(site, "GET", KITCHEN, [], b"") == 200
        assert tracebacks(caplog) == []

    asyncio.run(scenario())
