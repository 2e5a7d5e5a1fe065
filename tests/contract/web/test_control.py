"""Commands over a real unix socket: who gets in, what comes back, what is left behind."""

import asyncio
import gc
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import BaseModel

from likelight.config.settings import Config
from likelight.web.control.client import NotRunning, Refused, call, find
from likelight.web.control.server import LONGEST, ControlServer
from likelight.web.control.socket_path import SERVICE_SOCKET, socket_path
from likelight.web.http.body import read_body
from likelight.web.http.problems import ProblemError


class Echo(BaseModel):
    word: str


def routes() -> list[web.RouteDef]:
    async def status(_: web.Request) -> web.Response:
        return web.json_response({"well": True})

    async def echo(request: web.Request) -> web.Response:
        return web.json_response({"heard": (await read_body(request, Echo)).word})

    async def busy(_: web.Request) -> web.Response:
        raise ProblemError(409, "The lamp is busy; try again in a minute.")

    async def broken(_: web.Request) -> web.Response:
        raise RuntimeError("a secret of the house")

    async def slow(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    return [
        web.get("/status", status),
        web.post("/echo", echo),
        web.post("/busy", busy),
        web.post("/broken", broken),
        web.get("/slow", slow),
    ]


@asynccontextmanager
async def serving(path: Path, *, alias: Path | None = None) -> AsyncIterator[asyncio.Task[None]]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(ControlServer(path, routes, alias=alias).run())
        async with asyncio.timeout(20):
            while True:
                try:
                    await ask(path, "GET", "/status")
                    break
                except NotRunning:
                    await asyncio.sleep(0)
        yield task
        task.cancel()


async def ask(path: Path, *arguments: Any, **options: Any) -> dict[str, Any]:
    return await asyncio.to_thread(call, path, *arguments, **options)


async def test_a_command_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serving(path):
        assert await ask(path, "GET", "/status") == {"well": True}
        assert await ask(path, "POST", "/echo", {"word": "hé"}) == {"heard": "hé"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("POST", "/busy"), "The lamp is busy; try again in a minute."),
        (("POST", "/echo"), "word: Field required"),
        (("POST", "/echo", {"word": 3}), "word: Input should be a valid string"),
        (
            ("POST", "/echo", {"word": "x" * 20_000}),
            "The body is larger than 16384 bytes. Send less.",
        ),
        (("GET", "/no/such"), "This likelight knows no command /no/such."),
        (("GET", "/busy"), "GET is not possible here; possible: POST."),
        (("POST", "/broken"), "Something went wrong on our side and was written to the log."),
    ],
)
async def test_a_refusal_comes_in_words(
    tmp_path: Path, arguments: tuple[Any, ...], words: str
) -> None:
    path = tmp_path / "control.sock"
    async with serving(path):
        with pytest.raises(Refused, match=words):
            await ask(path, *arguments)


async def test_a_daemon_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serving(path):
        with pytest.raises(Refused, match="does not answer"):
            await ask(path, "GET", "/slow", timeout_s=0.2)


async def test_only_its_user_and_group_get_in(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serving(path):
        mode = path.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o660


async def test_the_socket_is_gone_at_the_end(tmp_path: Path) -> None:
    path, alias = tmp_path / "run.sock", tmp_path / "control.sock"
    async with serving(path, alias=alias):
        assert await ask(alias, "GET", "/status") == {"well": True}
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotRunning):
        await ask(path, "GET", "/status")


async def test_who_ends_it_while_it_starts_leaves_no_socket_open(tmp_path: Path) -> None:
    starting = asyncio.create_task(ControlServer(tmp_path / "control.sock", routes).run())
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    # What the thread still made is dropped here, and an open socket would complain.
    await asyncio.get_running_loop().shutdown_default_executor()
    del starting
    gc.collect()


async def test_what_a_killed_daemon_left_behind_is_replaced(tmp_path: Path) -> None:
    path, alias = tmp_path / "run.sock", tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    alias.symlink_to(tmp_path / "nowhere")
    with pytest.raises(NotRunning):
        await ask(path, "GET", "/status")
    async with serving(path, alias=alias):
        assert await ask(alias, "GET", "/status") == {"well": True}


async def test_a_file_of_that_name_is_not_destroyed(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("somebody's")
    with pytest.raises(FileExistsError, match="is no socket; move it away"):
        await ControlServer(path, routes).run()
    assert path.read_text() == "somebody's"


async def test_a_path_that_is_too_long_is_said_in_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / ("d" * LONGEST) / "control.sock"
    async with asyncio.TaskGroup() as group:
        task = group.create_task(ControlServer(path, routes).run())
        await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
    assert "Choose a shorter state_dir" in caplog.text
    with pytest.raises(Refused, match="too long"):
        await ask(path, "GET", "/status")


async def test_a_stranger_on_the_socket_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")  # who hangs up on a question is another stranger
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        writer.close()

    async with await asyncio.start_unix_server(babble, path):
        with pytest.raises(Refused, match="no likelight"):
            await ask(path, "GET", "/status")


def test_where_the_socket_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    assert socket_path(Config()) == tmp_path / "state" / "control.sock"
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{tmp_path}/run:{tmp_path}/other")
    assert socket_path(Config()) == tmp_path / "run" / "control.sock"


def test_a_person_finds_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert find(Config()) == SERVICE_SOCKET
    assert find(Config(state_dir=tmp_path)) == tmp_path / "control.sock"
    (tmp_path / "control.sock").touch()
    assert find(Config()) == tmp_path / "control.sock"
