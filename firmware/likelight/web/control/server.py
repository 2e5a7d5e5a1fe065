"""The daemon's end of its unix socket: who may open the file may command the device."""

import asyncio
import logging
import os
import socket
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from likelight.web.http.connection_guard import MOST_OF_ADMINS
from likelight.web.http.problems import ProblemError
from likelight.web.http.server import WebServer

log = logging.getLogger(__name__)

MODE = 0o660
"""The daemon's user and its group, nobody else."""
LONGEST = 103 if sys.platform == "darwin" else 107
"""Bytes in a socket's path: what sun_path in unix(7) holds, less its final zero."""


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
        # Made here and not in the thread, so that a cancellation while the thread binds it leaves
        # no socket open.
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            await asyncio.to_thread(_bind, listener, self._path, self._alias)
            try:
                await WebServer(self._fill, listener, most=MOST_OF_ADMINS).run()
            finally:
                await asyncio.to_thread(_remove, self._path, self._alias)

    def _fill(self, app: web.Application) -> None:
        app.middlewares.append(_name_unknown_commands)
        app.add_routes(self._routes())


@web.middleware
async def _name_unknown_commands(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPNotFound as error:
        raise ProblemError(404, f"This likelight knows no command {request.path}.") from error


def _bind(listener: socket.socket, path: Path, alias: Path | None) -> None:
    _clear(path)
    listener.bind(str(path))
    # Nobody can connect before listen(2), so there is no moment with another mode.
    path.chmod(MODE)
    if alias is not None:
        try:
            _clear(alias)
            alias.symlink_to(path)
        except OSError as error:
            # The state directory may be on a disk that takes nothing; the socket itself works.
            log.warning("Commands with --state-dir do not reach this device: %s", error)


def _clear(path: Path) -> None:
    """Remove a socket, or a link to one. Raises `FileExistsError` for anything else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not (stat.S_ISSOCK(mode) or stat.S_ISLNK(mode)):
        raise FileExistsError(f"{path} is not a socket; move it away, likelight needs this name")
    path.unlink()


def _remove(path: Path, alias: Path | None) -> None:
    path.unlink(missing_ok=True)
    if alias is not None:
        with suppress(OSError):
            alias.unlink(missing_ok=True)
