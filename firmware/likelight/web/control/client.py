"""The command line's end of the daemon's unix socket."""

import http.client
import socket
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from likelight.contract.problem import Problem
from likelight.web.control.messages import CommandAnswer, Request

_Answer = TypeVar("_Answer", bound=CommandAnswer)


class NotRunning(Exception):
    """No daemon listens on the socket."""


class CommandRefused(Exception):
    """The daemon did not do it; the message says why, and what to do."""


def call(
    path: Path,
    method: str,
    url: str,
    answer: type[_Answer],
    request: Request | None = None,
    timeout_s: float = 5,
) -> _Answer:
    """Send one command to the daemon whose socket is `path`; return its answer.

    Raises `NotRunning` when nobody listens, and `CommandRefused` with the daemon's message when it
    refuses.
    """
    connection = _UnixConnection(path, timeout_s)
    body = request.model_dump_json() if request is not None else "{}"
    try:
        connection.request(
            method,
            url,
            body=None if method == "GET" else body.encode(),
            headers={"Content-Type": "application/json"},
        )
        reply = connection.getresponse()
        content = reply.read()
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NotRunning(
            f"no likelight runs that listens on {path}. Start it "
            "(`sudo systemctl start likelight`), or name its configuration with --config"
        ) from error
    except PermissionError as error:
        raise CommandRefused(
            f"no permission to use {path}; use sudo, or run this as likelight's user"
        ) from error
    except TimeoutError as error:
        raise CommandRefused(f"likelight does not answer within {timeout_s:.0f} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise CommandRefused(f"likelight can't be asked through {path}: {error}") from error
    finally:
        connection.close()
    try:
        if reply.status >= HTTPStatus.BAD_REQUEST:
            problem = Problem.model_validate_json(content)
            raise CommandRefused(problem.detail or problem.title)
        return answer.model_validate_json(content)
    except ValidationError as error:
        raise CommandRefused(
            f"the program at {path} is not likelight, or is another version of it"
        ) from error


def listens(path: Path) -> bool:
    """Return whether a daemon listens on the socket `path`; nothing is asked of it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
        end.settimeout(1)
        try:
            end.connect(str(path))
        except OSError:
            return False
    return True


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
