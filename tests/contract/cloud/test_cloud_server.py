"""The cloud as a server of its own: its clients, its health, and what administrators read."""

import asyncio
import os
import re
import resource
import shlex
import socket
import sqlite3
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

import likelight_cloud
from likelight import __version__
from likelight.runtime.clock import utc_now
from likelight_cloud.cli.main import main
from likelight_cloud.trust.audit_lines import row_told
from likelight_cloud.trust.device import hashed
from support.cloud import KID, NOON, bearer
from support.cloud_server import ServedCloud, cloud_server
from support.unit import CLOUD_UNIT
from support.virtual import run_virtual
from support.waiting import WITHIN_S

TABLE = Path(likelight_cloud.__file__).parents[1] / "METRICS.md"
SUMMARY = f"/v1/kitchens/{KID}"


async def get(url: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        assert reply.headers["Cache-Control"] == "no-store"
        return reply.status, await reply.json(content_type=None)


def test_who_asks_for_nothing_gets_408_after_ten_seconds(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with cloud_server(tmp_path / "cloud.db") as site:
            loop = asyncio.get_running_loop()
            for beginning in (b"", b"GET /v1/kitchens/demo HTTP/1.1\r\nX-Slow: "):
                began = loop.time()
                reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
                writer.write(beginning)
                async with asyncio.timeout(WITHIN_S):
                    answer = await reader.read()
                writer.close()
                assert answer.startswith(b"HTTP/1.1 408 ")
                assert loop.time() - began == pytest.approx(10, abs=0.5)

    run_virtual(scenario())


def test_an_idle_connection_is_kept_for_75_seconds(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with cloud_server(tmp_path / "cloud.db") as site:
            loop = asyncio.get_running_loop()
            reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
            for _ in range(2):
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                async with asyncio.timeout(WITHIN_S):
                    await reader.readuntil(b'{"well": true}')
                await asyncio.sleep(70)
            idle_since = loop.time() - 70
            async with asyncio.timeout(WITHIN_S):
                assert await reader.read() == b""
            writer.close()
            assert loop.time() - idle_since == pytest.approx(75, abs=1.5)

    run_virtual(scenario())


async def test_a_hundred_guests_at_one_address_are_all_served(tmp_path: Path) -> None:
    async def guest(site: ServedCloud) -> list[int]:
        # Each has a connection of its own, and keeps it between its requests.
        connector = aiohttp.TCPConnector(limit=1)
        timeout = aiohttp.ClientTimeout(total=WITHIN_S)
        async with aiohttp.ClientSession(
            site.public, connector=connector, timeout=timeout
        ) as session:
            statuses = []
            for _ in range(3):
                async with session.get(SUMMARY) as reply:
                    statuses.append(reply.status)
                    await reply.read()
            like = {"n": 1, "batch": str(uuid.uuid4())}
            async with session.post(f"{SUMMARY}/likes", json=like) as reply:
                statuses.append(reply.status)
        return statuses

    async with cloud_server(tmp_path / "cloud.db") as site:
        answers = await asyncio.gather(*(guest(site) for _ in range(100)))
        assert answers == [[200, 200, 200, 202]] * 100
        _, summary = await _summary(site)
        assert summary["likes"]["total"] == 100


@pytest.mark.usefixtures("many_files")
async def test_five_hundred_devices_behind_one_address_all_poll(tmp_path: Path) -> None:
    async def device(site: ServedCloud, session: aiohttp.ClientSession, kid: str) -> set[int]:
        """Poll until a like has come; return the statuses."""
        query = {"wait": "0", "dv": "1", "boot_id": kid}
        statuses, likes = set(), 0
        while not likes:
            url = f"{site.public}/v1/kitchens/{kid}/events"
            async with session.get(url, params=query, headers=bearer(kid)) as reply:
                statuses.add(reply.status)
                events = await reply.json()
            query |= {"wait": "30", "cursor": events["cursor"]}
            likes = events["likes"]["delta"]
        return statuses

    kids = [f"store-{number}" for number in range(500)]
    async with (
        cloud_server(tmp_path / "cloud.db") as site,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        cloud = site.cloud.cloud
        for kid in kids:
            await cloud.store.add_kitchen(kid, kid, utc_now())
            await cloud.store.add_token(kid, hashed(kid), NOON)
        async with asyncio.TaskGroup() as group:
            polls = [group.create_task(device(site, session, kid)) for kid in kids]
            while sum(kitchen.polled for kitchen in cloud.loaded_kitchens()) < 500:
                await asyncio.sleep(0.05)
            # All are held at the same time, and each is answered by its own kitchen's like.
            await cloud.store.add_likes(dict.fromkeys(kids, 1), NOON)
        assert [poll.result() for poll in polls] == [{200}] * 500


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process, which is both ends of each connection, open 4,096 files."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, before[1]), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def _summary(site: ServedCloud) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(site.public + SUMMARY) as reply:
        return reply.status, await reply.json()


async def test_everybody_may_know_that_it_is_well_and_nothing_else(tmp_path: Path) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        assert await get(f"{site.public}/healthz") == (200, {"well": True})
        assert await get(f"{site.admin}/healthz") == (200, {"well": True})
        for path in ("/readyz", "/metrics"):
            status, problem = await get(site.public + path)
            assert (status, problem["detail"]) == (404, f"There is nothing at {path}.")
        for path in (SUMMARY, f"/k/{KID}"):
            assert (await get(site.admin + path))[0] == 404, "the other port has no kitchens"
        assert await get(f"{site.admin}/readyz") == (
            200,
            {"ready": True, "why_not": None, "version": __version__},
        )


async def test_it_answers_under_the_name_of_its_public_url_and_no_other(tmp_path: Path) -> None:
    async def refused(site: ServedCloud, host: str, base: str | None = None) -> set[bool]:
        got = set()
        async with aiohttp.ClientSession(base or site.public, headers={"Host": host}) as session:
            for path in (f"/k/{KID}", SUMMARY, f"/k/{KID}/snapshot.jpg", "/healthz"):
                async with session.get(path) as reply:
                    got.add(reply.status == 421)
        return got

    async with cloud_server(tmp_path / "cloud.db", "https://kitchens.example:8443") as site:
        for host in ("kitchens.example", "kitchens.example:8443", "10.0.0.7:8090", "cloud:8090"):
            assert await refused(site, host) == {False}
        assert await refused(site, "elsewhere.example") == {True}
        assert await refused(site, "elsewhere.example", site.admin) == {True}
    async with cloud_server(tmp_path / "cloud.db") as site:
        assert await refused(site, "kitchens.example") == {True}


@pytest.mark.parametrize("target", ["http://elsewhere.example/healthz", "ftp://x/healthz"])
async def test_a_whole_address_as_target_is_answered_and_not_logged(
    target: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """HTTP/1.1 lets any client send one; the name that counts is that of `Host`."""
    async with cloud_server(tmp_path / "cloud.db", "https://kitchens.example:8443") as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        host = "Host: kitchens.example:8443\r\nConnection: close"
        writer.write(f"GET {target} HTTP/1.1\r\n{host}\r\n\r\n".encode())
        reply = await asyncio.wait_for(reader.read(), WITHIN_S)
        writer.close()
    assert reply.startswith(b"HTTP/1.1 200 ")
    assert reply.endswith(b'{"well": true}')
    # Each start tells the rows of the audit log.
    assert [message for message in caplog.messages if row_told(message) is None] == []


async def test_it_is_not_well_while_likes_cannot_be_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likelight.runtime.sqlite_file.BUSY_TIMEOUT_S", 0.05)
    database = tmp_path / "cloud.db"

    async def like(site: ServedCloud) -> int:
        body = {"n": 1, "batch": str(uuid.uuid4())}
        async with aiohttp.ClientSession(site.public) as session:
            async with session.post(f"{SUMMARY}/likes", json=body) as reply:
                return reply.status

    async with cloud_server(database) as site:
        intruder = await asyncio.to_thread(
            sqlite3.connect, database, isolation_level=None, check_same_thread=False
        )
        await asyncio.to_thread(intruder.execute, "BEGIN IMMEDIATE")
        assert await like(site) == 503
        assert await get(f"{site.public}/healthz") == (503, {"well": False})
        status, ready = await get(f"{site.admin}/readyz")
        assert (status, ready["ready"]) == (503, False)
        assert ready["why_not"].startswith("likes can't be stored: ")
        await asyncio.to_thread(intruder.close)
        assert await like(site) == 202
        assert await get(f"{site.public}/healthz") == (200, {"well": True})
        assert (await get(f"{site.admin}/readyz"))[0] == 200


async def test_it_is_not_ready_while_its_database_is_closed_or_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        cloud = site.cloud.cloud
        with monkeypatch.context() as patch:
            never = asyncio.Event()
            patch.setattr("likelight_cloud.admin.health.STORE_WITHIN_S", 0.01)
            patch.setattr(cloud.store, "probe", lambda _: never.wait())
            cloud.committed_at = None
            status, ready = await get(f"{site.admin}/readyz")
            assert (status, ready["why_not"]) == (503, "the database does not answer within 0.01 s")
        cloud.ready.clear()
        assert await get(f"{site.public}/healthz") == (503, {"well": False})
        status, ready = await get(f"{site.admin}/readyz")
        assert (status, ready["why_not"]) == (503, "the database is not open")
        cloud.ready.set()


class Scrape:
    """One answer of `/metrics`."""

    def __init__(self, text: str) -> None:
        self.families: list[Metric] = list(text_string_to_metric_families(text))

    def value(self, name: str, **labels: str) -> float:
        (value,) = (
            sample.value
            for family in self.families
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        )
        return value


async def scrape(site: ServedCloud) -> Scrape:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{site.admin}/metrics") as reply:
            assert reply.status == 200
            assert reply.headers["Content-Type"].startswith("text/plain; version=")
            return Scrape(await reply.text())


async def test_the_figures_are_what_happened(tmp_path: Path) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        async with aiohttp.ClientSession(site.public) as session:
            for path in (SUMMARY, SUMMARY, "/no/such/address", "/v1/kitchens/nobody"):
                await (await session.get(path)).read()
            like = {"n": 7, "batch": str(uuid.uuid4())}
            await (await session.post(f"{SUMMARY}/likes", json=like)).read()
            await (await session.post(f"{SUMMARY}/watching", json={"view": "v" * 22})).read()
            events, headers = f"{SUMMARY}/events", bearer()
            async with session.get(events, headers=headers) as reply:
                cursor = (await reply.json())["cursor"]
            query = {"cursor": cursor, "wait": "30", "dv": "1"}
            held = asyncio.ensure_future(session.get(events, headers=headers, params=query))
            kitchen = await site.cloud.cloud.kitchen(KID)
            while not kitchen.polled:
                await asyncio.sleep(0)
            stream = await session.get(f"{SUMMARY}/live")
            await stream.content.readuntil(b"\n\n")
            async with session.ws_connect(f"/k/{KID}/ws") as viewer:
                await viewer.receive()
                figures = await scrape(site)
            stream.close()
            held.cancel()
            async with asyncio.timeout(WITHIN_S):
                while (await scrape(site)).value("likelight_cloud_event_streams") > 0:
                    like = {"n": 1, "batch": str(uuid.uuid4())}  # what changes wakes the stream
                    await (await session.post(f"{SUMMARY}/likes", json=like)).read()

        def requests(route: str, status: str) -> float:
            return figures.value("likelight_cloud_requests_total", route=route, status=status)

        assert requests("/v1/kitchens/{kid}", "2xx") == 2
        assert requests("/v1/kitchens/{kid}", "4xx") == 1
        assert requests("other", "4xx") == 1
        assert requests("/v1/kitchens/{kid}/likes", "2xx") == 1
        assert requests("/k/{kid}/ws", "1xx") == 1
        assert figures.value("likelight_cloud_like_commits_total") == 1
        assert figures.value("likelight_cloud_likes_total") == 7
        assert figures.value("likelight_cloud_ready") == 1
        assert figures.value("likelight_cloud_polls") == 1
        assert figures.value("likelight_cloud_viewers") == 1
        assert figures.value("likelight_cloud_event_streams") == 1
        assert figures.value("likelight_cloud_relays") == 1
        assert figures.value("likelight_cloud_uploads") == 0
        assert figures.value("likelight_cloud_relay_viewers", protocol="ws") == 1
        assert figures.value("likelight_cloud_relay_viewers", protocol="hls") == 0


async def test_the_table_has_every_metric_and_no_other(tmp_path: Path) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        async with aiohttp.ClientSession(site.public) as session:
            async with session.post("/v1/ingest/no-such", json={}) as reply:
                assert reply.status == 404
            async with session.ws_connect(f"/k/{KID}/ws"):
                scraped = (await scrape(site)).families
    rows = {}
    for line in TABLE.read_text("utf-8").splitlines():
        if found := re.match(r"\| `(likelight_cloud_\w+)` \| (\w+) \| (.*?) \|", line):
            name, kind, labels = found.groups()
            rows[name] = (kind, re.findall(r"(?:^|\), )`(\w+)` \(", labels))
    names = {family.name + ("_total" if family.type == "counter" else "") for family in scraped}
    assert set(rows) == names
    for family in scraped:
        kind, labels = rows[family.name + ("_total" if family.type == "counter" else "")]
        assert kind == family.type
        for sample in family.samples:
            assert set(sample.labels) == set(labels), family.name
            if "protocol" in sample.labels:
                assert f"`{sample.labels['protocol']}`" in TABLE.read_text("utf-8")


async def test_the_cloud_that_its_unit_starts_says_when_it_answers(tmp_path: Path) -> None:
    unit = CLOUD_UNIT.read_text("utf-8")
    command = unit.split("\nExecStart=")[1].splitlines()[0]
    assert "\nEnvironment=LIKELIGHT_DATABASE=/var/lib/likelight-cloud/" in unit
    database = tmp_path / "cloud.sqlite3"
    assert await asyncio.to_thread(main, ["init", "--database", str(database)]) == 0
    options = "--port 0 --admin-port 0 --public-url https://kitchens.example --trusted-proxy ::1"
    arguments = shlex.split(command.replace("$OPTIONS", options))
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(f"{folder}/notify")
        manager.setblocking(False)
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "likelight_cloud", *arguments[1:]),
            env={
                "PATH": os.defpath,
                "NOTIFY_SOCKET": f"{folder}/notify",
                "LIKELIGHT_DATABASE": str(database),
            },
        )
        try:
            async with asyncio.timeout(WITHIN_S):
                told = await asyncio.get_running_loop().sock_recv(manager, 200)
            state, status = told.decode().splitlines()
            assert state == "READY=1"
            address = status.removeprefix("STATUS=serving ")
            assert await get(f"{address}/healthz") == (200, {"well": True})
        finally:
            server.kill()
            await server.wait()
