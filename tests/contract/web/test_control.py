"""Commands over a real unix socket: who gets in, what comes back, what is left behind."""

import asyncio
import gc
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web

from likelight.config.places import runtime_dir
from likelight.web.control.client import CommandRefused, NotRunning, call
from likelight.web.control.messages import CommandAnswer, Request, StatusAnswer
from likelight.web.control.server import LONGEST, ControlServer
from likelight.web.http.body import read_body
from likelight.web.http.problems import ProblemError
from support.waiting import WITHIN_S

_Answer = TypeVar("_Answer", bound=CommandAnswer)


class Echo(Request):
    word: str


class Number(Request):
    word: int


LONG = Echo(word="x" * 20_000)


class Well(CommandAnswer):
    well: bool


class Heard(CommandAnswer):
    heard: str


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
        async with asyncio.timeout(WITHIN_S):
            while True:
                try:
                    await ask(path, "GET", "/status", Well)
                    break
                except NotRunning:
                    await asyncio.sleep(0)
        yield task
        task.cancel()


async def ask(
    path: Path, method: str, url: str, answer: type[_Answer], *arguments: Any, **options: Any
) -> _Answer:
    return await asyncio.to_thread(call, path, method, url, answer, *arguments, **options)


async def test_a_command_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serving(path):
        assert await ask(path, "GET", "/status", Well) == Well(well=True)
        assert await ask(path, "POST", "/echo", Heard, Echo(word="hé")) == Heard(heard="hé")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("POST", "/busy", Well), "The lamp is busy; try again in a minute."),
        (("POST", "/echo", Heard), "word: Field required"),
        (("POST", "/echo", Heard, Number(word=3)), "word: Input should be a valid string"),
        (
            ("POST", "/echo", Heard, Echo(word="x" * 20_000)),
            "The body is larger than 16384 bytes. Send less.",
        ),
        (("GET", "/no/such", Well), "This likelight knows no command /no/such."),
        (("GET", "/busy", Well), "GET is not possible here; possible: POST."),
        (("POST", "/broken", Well), "Something went wrong on our side and was written to the log."),
    ],
)
async def test_a_refusal_comes_in_words(
    tmp_path: Path, arguments: tuple[Any, ...], words: str
) -> None:
    path = tmp_path / "control.sock"
    async with serving(path):
        with pytest.raises(CommandRefused, match=words):
            await ask(path, *arguments)


async def test_a_daemon_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serving(path):
        with pytest.raises(CommandRefused, match="does not answer"):
            await ask(path, "GET", "/slow", Well, timeout_s=0.2)


async def test_only_its_user_and_group_get_in(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serving(path):
        mode = path.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o660


async def test_the_socket_is_gone_at_the_end(tmp_path: Path) -> None:
    path, alias = tmp_path / "run.sock", tmp_path / "control.sock"
    async with serving(path, alias=alias):
        assert await ask(alias, "GET", "/status", Well) == Well(well=True)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotRunning):
        await ask(path, "GET", "/status", Well)


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
        await ask(path, "GET", "/status", Well)
    async with serving(path, alias=alias):
        assert await ask(alias, "GET", "/status", Well) == Well(well=True)


async def test_a_file_of_that_name_is_not_destroyed(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("somebody's")
    with pytest.raises(FileExistsError, match="is not a socket; move it away"):
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
    with pytest.raises(CommandRefused, match="too long"):
        await ask(path, "GET", "/status", Well)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, "[]"), (200, "{}"), (200, "hello"), (404, "<html>"), (404, '{"error": "not found"}')],
)
async def test_a_stranger_on_the_socket_is_not_believed(
    tmp_path: Path, status: int, body: str
) -> None:
    path = tmp_path / "control.sock"

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")  # a server that closes before this is another test
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        writer.close()

    async with await asyncio.start_unix_server(babble, path):
        with pytest.raises(CommandRefused, match="is not likelight"):
            await ask(path, "GET", "/status", Well)


def test_a_newer_daemon_may_say_more() -> None:
    """During an update an old daemon meets a new command, or the other way round."""
    answer = StatusAnswer.model_validate_json(
        '{"kitchen": "demo", "state": "live", "holds": [], "new": 1}'
    )
    assert answer.kitchen == "demo"


def test_where_the_daemon_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    assert runtime_dir(tmp_path / "state") == tmp_path / "state"
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{tmp_path}/run:{tmp_path}/other")
    assert runtime_dir(tmp_path / "state") == tmp_path / "run"
