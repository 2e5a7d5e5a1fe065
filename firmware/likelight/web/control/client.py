"""The command line's end of the daemon's unix socket."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from likelight.config.settings import Config
from likelight.web.control.socket_path import SERVICE_SOCKET, socket_path


class NotRunning(Exception):
    """No daemon listens on the socket."""


class Refused(Exception):
    """The daemon did not do it; the message says why, and what to do."""


def find(config: Config) -> Path:
    """Return where the running daemon of `config` listens.

    A configuration without `state_dir` is the service's or nobody's: systemd gave the daemon a
    directory that a person's shell does not know.
    """
    path = socket_path(config)
    if "state_dir" not in config.model_fields_set and not path.exists():
        return SERVICE_SOCKET
    return path


def call(
    path: Path, method: str, url: str, body: dict[str, Any] | None = None, timeout_s: float = 5
) -> dict[str, Any]:
    """Send one command to the daemon whose socket is `path`; return its answer.

    Raises `NotRunning` when nobody listens, and `Refused` with the daemon's words when it refuses.
    """
    link = _Link(path, timeout_s)
    try:
        link.request(
            method,
            url,
            body=None if method == "GET" else json.dumps(body or {}),
            headers={"Content-Type": "application/json"},
        )
        reply = link.getresponse()
        answer = json.loads(reply.read() or b"{}")
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NotRunning(f"no likelight runs that listens on {path}") from error
    except PermissionError as error:
        raise Refused(
            f"you may not command the likelight behind {path}; use sudo, or be its user"
        ) from error
    except TimeoutError as error:
        raise Refused(f"likelight does not answer within {timeout_s:.0f} s") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Refused(f"likelight can't be asked through {path}: {error}") from error
    finally:
        link.close()
    if not isinstance(answer, dict):
        raise Refused(f"what listens on {path} is no likelight")
    if reply.status >= 400:
        raise Refused(str(answer.get("detail") or answer.get("title") or reply.reason))
    return answer


class _Link(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
