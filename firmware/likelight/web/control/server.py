"""The daemon's end of its unix socket: who may open the file may command the device."""

import asyncio
import json
import logging
import os
import socket
import stat
import sys
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError

from likelight.contract import PROBLEM_JSON, Problem
from likelight.runtime.cleanup import finish_within

log = logging.getLogger(__name__)

MODE = 0o660
"""The daemon's user and its group, nobody else."""
LONGEST = 103 if sys.platform == "darwin" else 107
"""Bytes in a socket's path: what sun_path in unix(7) holds, less its final zero."""
MOST_BYTES = 16 * 1024
CLEANUP_S = 5.0

_Body = TypeVar("_Body", bound=BaseModel)


class ProblemError(Exception):
    """A command that can't be obeyed. `detail` says why, and what to do."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)


class ControlServer:
    """Serves what `routes()` returns on a unix socket at `path`, as a component.

    A socket that an earlier process left behind is replaced: the state directory's lock says that
    nobody listens to it any more. `alias`, when it is another path, becomes a symbolic link to the
    socket, for commands that don't know systemd's runtime directory.
    """

    def __init__(
        self,
        path: Path,
        routes: Callable[[], Sequence[web.RouteDef]],
        *,
        alias: Path | None = None,
    ) -> None:
        self._path = path
        self._routes = routes
        self._alias = alias if alias != path else None

    async def run(self) -> None:
        """Serve until cancelled. Raises `OSError` when the socket can't be made."""
        if len(os.fsencode(self._path)) > LONGEST:
            log.warning(
                "No command can reach this device: the path of its socket, %s, is longer than the "
                "%d bytes that a socket's may have. Choose a shorter state_dir",
                self._path,
                LONGEST,
            )
            await asyncio.Event().wait()
        # Made out here, so that whoever cancels while the thread binds it leaves nothing open.
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            await asyncio.to_thread(_bind, listener, self._path, self._alias)
            try:
                await self._serve(listener)
            finally:
                await asyncio.to_thread(_remove, self._path, self._alias)

    async def _serve(self, listener: socket.socket) -> None:
        app = web.Application(middlewares=[_problems], client_max_size=MOST_BYTES)
        app.add_routes(self._routes())
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            await asyncio.Event().wait()
        finally:
            await finish_within(runner.cleanup(), CLEANUP_S)


async def read(request: web.Request, model: type[_Body]) -> _Body:
    """Return the body of `request`. Raises `ProblemError` (422) that names what is wrong in it."""
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        mistakes = "; ".join(
            f"{'.'.join(str(part) for part in mistake['loc']) or 'the body'}: {mistake['msg']}"
            for mistake in error.errors()
        )
        raise ProblemError(422, mistakes) from error


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what a handler raises as problem+json (RFC 9457)."""
    try:
        return await handler(request)
    except ProblemError as error:
        return _answer(error)
    except web.HTTPNotFound:
        return _answer(ProblemError(404, f"This likelight knows no command {request.path}."))
    except web.HTTPException as error:
        return _answer(ProblemError(error.status, error.text or error.reason))
    except Exception:
        log.exception("The command %s %s failed", request.method, request.path)
        return _answer(ProblemError(500, "The command failed; the daemon's log says why."))


def _answer(error: ProblemError) -> web.Response:
    return web.Response(
        status=error.problem.status,
        body=json.dumps(error.problem.model_dump(exclude_none=True)).encode(),
        content_type=PROBLEM_JSON,
    )


def _bind(listener: socket.socket, path: Path, alias: Path | None) -> None:
    _clear(path)
    listener.bind(str(path))
    # Nobody can connect before listen(2), so there is no moment with another mode.
    path.chmod(MODE)
    if alias is not None:
        _clear(alias)
        alias.symlink_to(path)


def _clear(path: Path) -> None:
    """Remove a socket, or a link to one. Raises `FileExistsError` for anything else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not (stat.S_ISSOCK(mode) or stat.S_ISLNK(mode)):
        raise FileExistsError(f"{path} is no socket; move it away, likelight needs the name")
    path.unlink()


def _remove(path: Path, alias: Path | None) -> None:
    path.unlink(missing_ok=True)
    if alias is not None:
        alias.unlink(missing_ok=True)
