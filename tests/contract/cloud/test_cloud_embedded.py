"""The cloud in another program's web server, and `likelight-cloud` as a program of its own."""

import asyncio
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path
from urllib.robotparser import RobotFileParser

import aiohttp
import pytest
from aiohttp import web

from likelight.runtime.clock import utc_now
from likelight.runtime.file_lock import locked
from likelight.runtime.store_errors import StoreError
from likelight.web.http.server import new_application
from likelight_cloud.cli.main import main
from likelight_cloud.embedded import EmbeddedCloud
from likelight_cloud.page.languages import WORDS
from likelight_cloud.store.sqlite.store import SqliteStore
from support.cloud import KID, NOON, TOKEN, bearer
from support.cloud_server import cloud_server
from support.waiting import WITHIN_S

LIKE = {"n": 1, "batch": "01234567-89ab-cdef-0123-456789abcdef"}


@asynccontextmanager
async def hosted(cloud: EmbeddedCloud, *more: web.RouteDef) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve an app of somebody else's with the cloud mounted in it; the cloud does not run yet."""
    app = new_application()
    app.add_routes(more)
    cloud.mount(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
            yield session
    finally:
        await runner.cleanup()


@asynccontextmanager
async def running(cloud: EmbeddedCloud) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(cloud.run())
        await asyncio.wait_for(cloud.ready.wait(), WITHIN_S)
        try:
            yield
        finally:
            task.cancel()


@pytest.fixture
async def cloud(tmp_path: Path) -> EmbeddedCloud:
    return EmbeddedCloud(tmp_path / "cloud.db", now=lambda: NOON, rng=random.Random(1))


async def test_a_kitchen_that_does_not_exist_is_a_page_for_persons_and_a_problem_for_programs(
    cloud: EmbeddedCloud,
) -> None:
    cloud.enrol("demo", "The demo kitchen", "a token")
    arabic = {"Accept-Language": "ar", "Accept": "text/html,*/*;q=0.8"}
    async with hosted(cloud) as session:
        async with session.get("/k/nowhere") as reply:
            assert reply.status == 200, "while it starts, the cloud can't know"
        async with running(cloud):
            async with session.get("/k/demo", headers=arabic) as reply:
                assert reply.status == 200
            for path, key in (
                ("/k/nowhere", "unknown"),
                ("/k/nowhere/here", "unknown"),
                ("/k/", "unknown"),
                ("/k/a b", "unknown"),
                ("/somewhere", "nothing"),
            ):
                async with session.get(path, headers=arabic) as reply:
                    assert (reply.status, reply.content_type) == (404, "text/html"), path
                    assert reply.headers["Cache-Control"] == "no-store"
                    assert f"<h1>{WORDS['ar'][key]}</h1>" in await reply.text()
                async with session.get(path) as reply:
                    assert (reply.status, reply.content_type) == (404, "application/problem+json")
            async with session.get("/v1/kitchens/nowhere", headers=arabic) as reply:
                assert (reply.status, reply.content_type) == (404, "application/problem+json")


async def test_a_person_is_sent_on_from_another_case_or_a_slash_at_the_end(
    cloud: EmbeddedCloud,
) -> None:
    cloud.enrol("demo", "The demo kitchen", "a token")
    person = {"Accept": "text/html"}
    async with hosted(cloud) as session, running(cloud):
        for path, right in (
            ("/k/demo/", "/k/demo"),
            ("/k/Demo?lang=de", "/k/demo?lang=de"),
            ("/Embed/Demo/", "/embed/demo"),
            ("/K/DEMO/HERE/", "/k/demo/here"),
        ):
            async with session.get(path, headers=person, allow_redirects=False) as reply:
                assert (reply.status, reply.headers["Location"]) == (308, right)
                assert reply.headers["Vary"] == "Accept"
            async with session.get(path, headers=person) as reply:
                assert (reply.status, reply.content_type) == (200, "text/html")
            async with session.get(path) as reply:
                assert reply.status == 404


async def test_what_browsers_and_search_engines_ask_for_is_there(cloud: EmbeddedCloud) -> None:
    async with hosted(cloud) as session:
        async with session.get("/favicon.ico") as reply:
            assert (reply.status, reply.content_type) == (200, "image/x-icon")
        async with session.get("/robots.txt") as reply:
            assert reply.content_type == "text/plain"
            robots = RobotFileParser()
            rules = await reply.text()
            robots.parse(rules.splitlines())
        async with session.get("/kitchen.webmanifest?lang=ja") as reply:
            assert reply.content_type == "application/manifest+json"
            manifest = await reply.json(content_type=None)
        assert manifest["name"] == WORDS["ja"]["title"]
        for icon in [icon["src"] for icon in manifest["icons"]]:
            async with session.get(icon) as reply:
                assert (reply.status, reply.content_type) == (200, "image/png")
    for allowed in ("/k/demo", "/privacy"):
        assert robots.can_fetch("*", allowed)
    for refused in ("/v1/catalogue", "/fleet"):
        assert not robots.can_fetch("*", refused)
    # Python's parser knows no `*` in a path, as search engines do (RFC 9309).
    media = [path.replace("*", "[^/]+") for path in re.findall(r"Disallow: (/k/\S+)", rules)]
    for name in ("live.mp4", "snapshot.jpg", "stream.m3u8", "stream.mjpg", "hls/1/2.m4s", "ws"):
        assert any(re.match(path, f"/k/demo/{name}") for path in media), name


def test_the_device_finds_it_by_its_entry_point() -> None:
    (found,) = entry_points(group="likelight.embedded_cloud")
    assert found.load() is EmbeddedCloud


async def test_it_answers_503_until_it_runs_and_again_after_it_ended(cloud: EmbeddedCloud) -> None:
    async def get(session: aiohttp.ClientSession) -> tuple[int, str | None, str]:
        async with session.get("/v1/kitchens/demo") as reply:
            return reply.status, reply.headers.get("Retry-After"), reply.content_type

    away = (503, "1", "application/problem+json")
    async with hosted(cloud) as session:
        assert await get(session) == away
        cloud.enrol("demo", "The demo kitchen", "token")
        for _ in range(2):
            async with running(cloud):
                assert (await get(session))[0] == 200
                events = "/v1/kitchens/demo/events"
                async with session.get(events, headers=bearer("token")) as reply:
                    assert reply.status == 200
            assert await get(session) == away


async def test_what_waits_is_reported_when_it_ends(cloud: EmbeddedCloud) -> None:
    cloud.enrol("demo", "The demo kitchen", "token")
    async with hosted(cloud) as session, AsyncExitStack() as streams:
        async with running(cloud):
            events, headers = "/v1/kitchens/demo/events", bearer("token")
            async with session.get(events, headers=headers) as reply:
                cursor = (await reply.json())["cursor"]
            live = await streams.enter_async_context(session.get("/v1/kitchens/demo/live"))
            await live.content.readuntil(b"\n\n")
            query = {"cursor": cursor, "wait": "30", "dv": "1"}
            held = asyncio.ensure_future(session.get(events, headers=headers, params=query))
            kitchen = await cloud._cloud.kitchen("demo")
            while not kitchen.polled:
                await asyncio.sleep(0)
        async with await asyncio.wait_for(held, WITHIN_S) as reply:
            assert reply.status == 503
        assert await asyncio.wait_for(live.content.read(), WITHIN_S) == b""


async def test_a_failing_database_is_503_and_the_next_like_counts(
    cloud: EmbeddedCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likelight.runtime.sqlite_file.BUSY_TIMEOUT_S", 0.05)
    cloud.enrol("demo", "The demo kitchen", "token")
    async with hosted(cloud) as session, running(cloud):
        intruder = await asyncio.to_thread(
            sqlite3.connect, tmp_path / "cloud.db", isolation_level=None, check_same_thread=False
        )
        await asyncio.to_thread(intruder.execute, "BEGIN IMMEDIATE")
        async with session.post("/v1/kitchens/demo/likes", json=LIKE) as reply:
            assert (reply.status, reply.content_type) == (503, "application/problem+json")
            assert reply.headers["Retry-After"] == "5"
        await asyncio.to_thread(intruder.close)
        async with session.post("/v1/kitchens/demo/likes", json=LIKE) as reply:
            assert (reply.status, (await reply.json())["total"]) == (202, 1)


async def test_the_page_is_there(cloud: EmbeddedCloud) -> None:
    async with hosted(cloud) as session, session.get("/k/demo") as reply:
        assert (reply.status, reply.content_type) == (200, "text/html")
        assert reply.headers["Referrer-Policy"] == "same-origin"
        assert "Set-Cookie" not in reply.headers


async def test_errors_of_the_whole_app_are_problems(cloud: EmbeddedCloud) -> None:
    async def breaks(request: web.Request) -> web.Response:
        raise RuntimeError("secret words")

    async def busy(request: web.Request) -> web.Response:
        raise web.HTTPConflict(text="The lamp is being tested.", headers={"Retry-After": "3"})

    async def moved(request: web.Request) -> web.Response:
        raise web.HTTPFound("/k/demo")

    routes = (web.get("/breaks", breaks), web.post("/busy", busy), web.get("/moved", moved))
    async with hosted(cloud, *routes) as session:
        async with session.get("/breaks") as reply:
            assert (reply.status, reply.content_type) == (500, "application/problem+json")
            assert "secret" not in await reply.text()
        async with session.post("/busy") as reply:
            problem = await reply.json()
            assert (problem["status"], problem["title"]) == (409, "Conflict")
            assert problem["detail"] == "The lamp is being tested."
            assert reply.headers["Retry-After"] == "3"
        async with session.get("/moved", allow_redirects=False) as reply:
            assert (reply.status, reply.headers["Location"]) == (302, "/k/demo")
        async with session.get("/nothing") as reply:
            assert (reply.status, reply.content_type) == (404, "application/problem+json")
        async with session.post("/busy", headers={"Sec-Fetch-Site": "cross-site"}) as reply:
            assert reply.status == 403


async def test_streams_that_have_begun_are_left_alone(cloud: EmbeddedCloud) -> None:
    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(await socket.receive_str())
        await socket.close()
        return socket

    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half a pict")
        raise ConnectionResetError("the camera has gone")

    async with hosted(cloud, web.get("/talk", talk), web.get("/half", half)) as session:
        async with session.ws_connect("/talk") as socket:
            await socket.send_str("hello")
            assert await socket.receive_str() == "hello"
        async with session.get("/half") as reply:
            with pytest.raises(aiohttp.ClientPayloadError):
                await reply.read()


def program(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "likelight_cloud", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a new cloud's database."""
    assert main(["init", "--database", str(tmp_path / "likelight-cloud.sqlite3")]) == 0
    return tmp_path


def test_a_kitchen_is_added_once_with_a_token(folder: Path) -> None:
    added = program("kitchen", "add", "store-17", "Store 17", folder=folder)
    assert added.returncode == 0
    assert len(added.stdout.splitlines()[-1]) == 43
    again = program("kitchen", "add", "store-17", "Store 17", folder=folder)
    assert again.returncode == 2
    assert again.stderr == (
        "likelight-cloud: the kitchen store-17 exists already. Choose another id.\n"
    )


async def test_restored_draws_a_new_epoch_for_each_kitchen(folder: Path) -> None:
    database = folder / "likelight-cloud.sqlite3"

    async def epochs() -> list[str]:
        store = SqliteStore(database)
        await store.open()
        kitchens = [await store.kitchen(kid) for kid in ("store-17", "store-18")]
        await store.close()
        return [kitchen.epoch for kitchen in kitchens if kitchen]

    for kid in ("store-17", "store-18"):
        assert program("kitchen", "add", kid, kid, folder=folder).returncode == 0
    before = await epochs()
    restored = program("restored", folder=folder)
    assert (restored.returncode, restored.stderr) == (0, "")
    assert restored.stdout.startswith("Kitchens that begin a new time line: 2. ")
    after = await epochs()
    assert len({*before, *after}) == 4
    with ExitStack() as serving:
        await asyncio.to_thread(serving.enter_context, locked(database))
        refused = program("restored", folder=folder)
    assert refused.returncode == 2
    assert "another cloud serves" in refused.stderr
    assert await epochs() == after


async def test_two_clouds_never_serve_one_file(tmp_path: Path) -> None:
    """One in a device and one on its own, or two of a kind: polls would hang in the other."""
    database = tmp_path / "likelight-cloud.sqlite3"

    async def second_is_refused() -> None:
        served = await asyncio.to_thread(
            program, "serve", "--port", "0", "--admin-port", "0", folder=tmp_path
        )
        assert served.returncode == 2
        assert served.stderr == (
            "likelight-cloud: another cloud serves likelight-cloud.sqlite3; end it, or choose "
            "another file\n"
        )
        with pytest.raises(StoreError, match="another cloud serves"):
            await EmbeddedCloud(database, now=utc_now, rng=random.Random(1)).run()

    async with cloud_server(database):
        await second_is_refused()
    inside = EmbeddedCloud(database, now=utc_now, rng=random.Random(1))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(inside.run())
        await inside.ready.wait()
        await second_is_refused()
        running.cancel()
    async with cloud_server(database):
        pass


async def test_the_one_inside_is_copied_while_it_serves_and_restored_while_it_does_not(
    cloud: EmbeddedCloud, tmp_path: Path
) -> None:
    async def command(*words: str) -> subprocess.CompletedProcess[str]:
        database = ("--database", "cloud.db")
        return await asyncio.to_thread(program, *words, *database, folder=tmp_path)

    async def likes(session: aiohttp.ClientSession) -> int:
        async with session.get(f"/v1/kitchens/{KID}") as reply:
            total: int = (await reply.json())["likes"]["total"]
        return total

    cloud.enrol(KID, "The demo kitchen", TOKEN)
    async with hosted(cloud) as session:
        async with running(cloud):
            async with session.post(f"/v1/kitchens/{KID}/likes", json=LIKE) as reply:
                assert reply.status == 202
            assert (await command("backup", "copy")).returncode == 0
            like = {**LIKE, "batch": "11234567-89ab-cdef-0123-456789abcdef"}
            async with session.post(f"/v1/kitchens/{KID}/likes", json=like) as reply:
                assert reply.status == 202
            refused = await command("restore", "copy")
            assert "another cloud serves " in refused.stderr
    assert (await command("restore", "copy")).returncode == 0
    again = EmbeddedCloud(tmp_path / "cloud.db", now=lambda: NOON, rng=random.Random(1))
    async with hosted(again) as session, running(again):
        assert await likes(session) == 1


async def test_the_one_inside_has_no_operators_and_neither_enrols_nor_rotates(
    cloud: EmbeddedCloud,
) -> None:
    cloud.enrol(KID, "The demo kitchen", TOKEN)
    async with hosted(cloud) as session, running(cloud):
        outside = ("/", "/metrics", "/readyz", "/openapi.json", "/v1/enrol")
        walls = (f"/wall?k={KID}", f"/v1/wall/live?k={KID}")
        for path in (*outside, *walls):
            async with session.get(path) as reply:
                assert reply.status == 404, path
        body = {"code": "A" * 26, "token_sha256": "0" * 64}
        for path in ("/v1/enrol", f"/v1/kitchens/{KID}/token"):
            async with session.post(path, json=body, headers=bearer(TOKEN)) as reply:
                assert reply.status == 404


@pytest.mark.parametrize(
    "arguments",
    [
        ("init",),
        ("kitchen", "add", "Store 17", "Store 17"),
        ("kitchen", "add", "k", ""),
        ("kitchen", "add", "k", "  "),
        ("kitchen", "add", "k", "K" * 61),
        ("kitchen", "add", "k", "two\nlines"),
        ("kitchen", "add", "k", "K", "--database", "missing/cloud.db"),
        ("serve", "--database", "missing/cloud.db", "--port", "0", "--admin-port", "0"),
        ("serve", "--port", "99999"),
        ("serve", "--port", "0", "--admin-port", "-1"),
    ],
)
def test_what_cannot_be_done_is_one_line(folder: Path, arguments: tuple[str, ...]) -> None:
    failed = program(*arguments, folder=folder)
    assert failed.returncode == 2
    assert len(failed.stderr.splitlines()) == 1
    assert failed.stderr.startswith("likelight-cloud: ")


@pytest.mark.parametrize(
    ("flag", "other"), [("--port", "--admin-port"), ("--admin-port", "--port")]
)
def test_a_port_that_is_taken_is_reported_with_the_flag_that_chooses_another(
    folder: Path, flag: str, other: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        failed = program("serve", flag, port, other, "0", folder=folder)
    host = flag.replace("port", "host")
    assert (failed.returncode, failed.stderr) == (
        2,
        f"likelight-cloud: port {port} is in use by another program. "
        f"Choose another with {host} or {flag}.\n",
    )


async def test_behind_tls_the_cookie_is_for_https_and_the_page_may_write(folder: Path) -> None:
    public = "https://kitchens.example.com"
    assert program("kitchen", "add", "demo", "Demo", folder=folder).returncode == 0
    arguments = ["-m", "likelight_cloud", "serve", "--port", "0", "--admin-port", "0"]
    arguments += ["--public-url", public]
    server = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=folder, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert server.stderr is not None
        async with asyncio.timeout(WITHIN_S):
            said = (await server.stderr.readline()).decode()
        found = re.search(r"answers at (http://\S+),", said)
        assert found, said
        url = f"{found[1]}/v1/kitchens/demo/likes"
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            async with session.post(url, json=LIKE, headers={"Origin": public}) as reply:
                assert reply.status < 300, await reply.text()
                cookie = reply.headers["Set-Cookie"]
            elsewhere = {"Origin": "https://elsewhere.example.com"}
            async with session.post(url, json=LIKE, headers=elsewhere) as reply:
                assert reply.status == 403
        assert cookie.startswith("__Host-likelight_viewer=")
        assert "; Secure" in cookie
    finally:
        server.kill()
        await server.wait()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_cleanly(folder: Path, stop: signal.Signals) -> None:
    arguments = [sys.executable, "-m", "likelight_cloud", "serve", "--port", "0"]
    arguments += ["--admin-port", "0"]
    with subprocess.Popen(arguments, cwd=folder, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        assert re.fullmatch(
            r"The cloud answers at http://127\.0\.0\.1:\d+, and administrators at "
            r"(http://127\.0\.0\.1:\d+)/readyz and \1/metrics\n",
            server.stderr.readline(),
        )
        server.send_signal(stop)
        assert server.wait(timeout=100) == 0
        assert "Traceback" not in server.stderr.read()


async def test_its_device_is_never_refused_not_even_by_the_first_answer(
    cloud: EmbeddedCloud,
) -> None:
    cloud.enrol("demo", "The demo kitchen", "token")
    async with hosted(cloud) as session:
        opening = asyncio.ensure_future(cloud.run())
        answers = []
        while 200 not in answers:
            url, headers = "/v1/kitchens/demo/events", bearer("token")
            async with session.get(url, headers=headers, params={"wait": "0"}) as reply:
                answers.append(reply.status)
        opening.cancel()
    assert set(answers) <= {503, 200}
