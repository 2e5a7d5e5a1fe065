"""A cloud whose certificate an authority of one's own has signed, over real TLS on loopback."""

import asyncio
import gc
import random
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from likelight.appreciation.sync.client import FailureKind, Unreachable
from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.config.settings import Config
from likelight.feed.upload.client import Upload
from likelight.fleet.doctor.check import Finding
from likelight.fleet.doctor.checks import network
from likelight.fleet.doctor.probes import CloudAccess, ask_cloud, ask_upload
from likelight.fleet.doctor.system import System
from likelight.runtime.http_session import Trust
from support.certificates import Authority, make_authority
from support.raw_server import raw_server
from support.waiting import WITHIN_S

EVENTS = {
    "cursor": "c1",
    "epoch": "e",
    "server_time": "2026-11-21T20:15:07Z",
    "likes": {"total": 5, "delta": 0, "since": "2026-11-21T20:15:07Z", "rate": 0},
    "notes": [],
    "more": False,
    "dropped_notes": 0,
    "viewers": {"band": "0", "watching": False},
    "next": {"wait": 0, "not_before_ms": 0},
}


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that makes an authority once, by its name in `MADE`."""
    folder = tmp_path_factory.mktemp("authorities")
    return cache(lambda name: make_authority(folder / name, **MADE[name]))


LOOPBACK = "DNS:localhost,IP:127.0.0.1"
MADE: dict[str, dict[str, Any]] = {
    "good": {"names": LOOPBACK},
    "stranger": {"names": LOOPBACK},
    "other-name": {"names": "DNS:cloud.example"},
    "expired": {"names": LOOPBACK, "valid_from": timedelta(-9), "valid_to": timedelta(-8)},
    "early": {"names": LOOPBACK, "valid_from": timedelta(8), "valid_to": timedelta(9)},
    "no-usage": {"names": LOOPBACK, "usage": ""},
}


class Cloud:
    """A cloud behind TLS, and what it was asked."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.asked: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path.rpartition("/")[2])
        if not request.path.endswith("/feed"):
            return web.json_response(EVENTS)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if "probe" not in request.query:
            await socket.receive()  # until the upload ends: one that is refused connects again
        await socket.close()
        return socket


@asynccontextmanager
async def cloud_behind_tls(authority: Authority) -> AsyncIterator[Cloud]:
    cloud = Cloud(authority)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", cloud.answer)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.certificate, authority.key)
    server = TestServer(app, scheme="https", host="localhost")
    await server.start_server(ssl=context)
    cloud.port = server.port or 0
    try:
        yield cloud
    finally:
        await server.close()


async def poll(url: str, ca_file: Path | None) -> None:
    async with HttpCloud(url, "demo", "token", trust=Trust(ca_file)) as cloud:
        await cloud.events(None, 0, 0)


async def diagnose(cloud: Cloud, ca_file: Path | None, folder: Path) -> dict[str, Finding]:
    """Return what the doctor's checks of the cloud say, by their ids."""
    token = folder / "token"
    token.write_text("token")
    token.chmod(0o600)
    settings = {"url": cloud.url, "token_file": token, "ca_file": ca_file}
    config = Config.model_validate({"cloud": settings, "state_dir": folder})
    system = System(config)
    checks = (*network.CLOUD, network.upload)
    return {check.id: await asyncio.to_thread(check.look, system) for check in checks}


async def test_polls_and_doctor_trust_the_authority_of_the_file(
    authorities: Any, tmp_path: Path
) -> None:
    async with cloud_behind_tls(authorities("good")) as cloud:
        await poll(cloud.url, cloud.authority.ca_file)
        found = await diagnose(cloud, cloud.authority.ca_file, tmp_path)
        assert {finding.result for finding in found.values()} == {"ok"}, found
        assert cloud.asked == ["events", "events", "feed"]


async def test_the_upload_trusts_the_authority_of_the_file(authorities: Any) -> None:
    async with cloud_behind_tls(authorities("good")) as cloud:
        trust = Trust(cloud.authority.ca_file)
        upload = Upload(cloud.url, "demo", "token", rng=random.Random(1), trust=trust)
        upload.on_watched(True)
        running = asyncio.create_task(upload.run())
        async with asyncio.timeout(WITHIN_S):
            while "feed" not in cloud.asked:
                await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_without_the_file_and_with_another_one_nothing_is_sent(authorities: Any) -> None:
    async with cloud_behind_tls(authorities("good")) as cloud:
        for ca_file in (None, authorities("stranger").ca_file):
            with pytest.raises(Unreachable, match="an authority that this device does not know"):
                await poll(cloud.url, ca_file)
        assert not cloud.asked


@asynccontextmanager
async def connecting_proxy() -> AsyncIterator[tuple[str, list[str]]]:
    """Run an HTTP proxy that opens what CONNECT asks for; yield its address and what was asked."""
    asked: list[str] = []

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while block := await reader.read(65536):
                writer.write(block)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split(" ", 2)
        asked.append(f"{method} {target}")
        host, _, port = target.rpartition(":")
        there, back = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(pipe(reader, back))
                group.create_task(pipe(there, writer))
        finally:
            back.transport.abort()

    async with raw_server(serve) as port:
        yield f"http://127.0.0.1:{port}", asked


async def test_through_a_proxy_the_authority_of_the_file_is_asked_too(authorities: Any) -> None:
    async with cloud_behind_tls(authorities("good")) as cloud, connecting_proxy() as (proxy, asked):
        access = CloudAccess(cloud.url, "demo", "token", proxy, cloud.authority.ca_file)
        for ask in (ask_cloud, ask_upload):
            await asyncio.to_thread(ask, access)
        assert asked == [f"CONNECT localhost:{cloud.port}"] * 2
        with pytest.raises(Unreachable, match="an authority that this device does not know"):
            await asyncio.to_thread(ask_cloud, replace(access, ca_file=None))
    assert cloud.asked == ["events", "feed"]
    with warnings.catch_warnings():
        # aiohttp leaves a connection to a proxy in which TLS failed to the garbage collector: here
        # it says so to this test, and not to a later one.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


async def test_a_file_that_comes_later_is_used_without_a_restart(
    authorities: Any, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    async with (
        cloud_behind_tls(authorities("good")) as server,
        HttpCloud(server.url, "demo", "token", trust=Trust(file)) as cloud,
    ):
        with pytest.raises(Unreachable, match=r"cloud.ca_file: there is no .*/ca.pem") as caught:
            await cloud.events(None, 0, 0)
        assert caught.value.failure is FailureKind.SETTINGS
        file.write_bytes(server.authority.ca_file.read_bytes())
        assert (await cloud.events(None, 0, 0)).cursor == "c1"


@pytest.mark.parametrize(
    ("name", "trusted", "words", "fix", "kind"),
    [
        (
            "good",
            None,
            "signed by an authority that this device does not know (issuer: own-authority)",
            "set cloud.ca_file",
            FailureKind.CERTIFICATE,
        ),
        (
            "good",
            "stranger",
            "(issuer: own-authority)",
            "put its certificate into",
            FailureKind.CERTIFICATE,
        ),
        ("expired", "expired", "has expired", "a new certificate", FailureKind.CLOCK),
        ("early", "early", "is not valid yet", "see clock", FailureKind.CLOCK),
        (
            "other-name",
            "other-name",
            "is for another host name than localhost",
            "a certificate for localhost",
            FailureKind.CERTIFICATE,
        ),
        (
            "no-usage",
            "no-usage",
            "breaks the rules for certificates (CA cert does not include key usage extension)",
            "keyUsage = critical,keyCertSign",
            FailureKind.CERTIFICATE,
        ),
    ],
)
async def test_each_wrong_certificate_is_told_in_its_own_words(
    name: str,
    trusted: str | None,
    words: str,
    fix: str,
    kind: FailureKind,
    authorities: Any,
    tmp_path: Path,
) -> None:
    ca_file = authorities(trusted).ca_file if trusted else None
    async with cloud_behind_tls(authorities(name)) as cloud:
        with pytest.raises(Unreachable) as caught:
            await poll(cloud.url, ca_file)
        assert caught.value.failure is kind
        assert "_ssl.c" not in str(caught.value), "OpenSSL's words say nothing to a person"
        found = await diagnose(cloud, ca_file, tmp_path)
        assert not cloud.asked, "no token leaves for a server that can't prove who it is"
    assert {finding.result for finding in found.values()} == {"fail"}
    assert words in found["tls"].words
    assert fix in (found["tls"].fix or "")


async def test_a_port_without_tls_is_told_as_one(tmp_path: Path) -> None:
    gone = asyncio.Event()

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        gone.set()

    async with raw_server(hang_up, "localhost") as port:
        config = {"url": f"https://localhost:{port}"}
        cloud = Config.model_validate(
            {"cloud": {**config, "token_file": "/t"}, "state_dir": tmp_path}
        )
        finding = await asyncio.to_thread(network.tls.look, System(cloud))
        await gone.wait()
    assert "does not speak TLS" in finding.words
    assert "cloud.url" in (finding.fix or "")


@pytest.mark.parametrize("name", ["expired", "early"])
async def test_with_the_time_set_it_is_the_cloud_that_is_in_trouble(
    name: str, authorities: Any
) -> None:
    trust = Trust(authorities(name).ca_file)
    async with (
        cloud_behind_tls(authorities(name)) as server,
        HttpCloud(server.url, "demo", "token", trust=trust, clock_is_set=lambda: True) as cloud,
    ):
        with pytest.raises(Unreachable) as caught:
            await cloud.events(None, 0, 0)
    assert caught.value.failure is FailureKind.CLOUD, "not: the time here is wrong"
