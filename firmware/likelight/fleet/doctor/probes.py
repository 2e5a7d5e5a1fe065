"""What the doctor learns by asking and not from a file: modules, sockets, the cloud."""

import asyncio
import errno
import http.client
import importlib.util
import json
import platform
import shutil
import socket
import ssl
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp

from likelight.appreciation.sync.client import Unreachable
from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.feed.upload.handshake import NotUpgraded, raise_unless_upgraded
from likelight.feed.upload.protocol import SUPERSEDED
from likelight.runtime.http_session import Trust, failure_words, new_session, session_options
from likelight.runtime.printable import printable
from likelight.runtime.tls import tls_context
from likelight.web.control.client import call
from likelight.web.control.messages import HealthAnswer

ANSWERS_WITHIN_S = 5.0


def open_pins() -> object:
    """Open the GPIO chip as the daemon does. Raises `HardwareError`."""
    from likelight_hw.rpi import pins  # noqa: PLC0415  gpiozero, only where there are pins

    return pins.factory()


def has_module(name: str) -> bool:
    """Return whether this Python could import the module called `name`."""
    return importlib.util.find_spec(name) is not None


def free_mb(path: Path) -> int:
    """Return what is free where `path` is, in MiB. Raises `OSError`."""
    return shutil.disk_usage(path).free // 2**20


def kernel() -> str:
    """Return the kernel's release, such as "6.12.75-v8+"."""
    return platform.release()


def is_free(host: str, port: int) -> bool:
    """Return whether `host` can be listened on at `port`. Raises `OSError` for a wrong host."""
    family, kind, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def answers_as(host: str, port: int) -> str | None:
    """Return the kitchen of the likelight on `host` and `port`, None when none answers."""
    link = http.client.HTTPConnection(host, port, timeout=ANSWERS_WITHIN_S)
    try:
        link.request("GET", "/healthz")
        kitchen = json.loads(link.getresponse().read(65536)).get("kitchen")
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        return None
    finally:
        link.close()
    return str(kitchen) if kitchen else None


def ask_daemon(socket_path: Path) -> HealthAnswer:
    """Ask the daemon at `socket_path` how it is. Raises `NotRunning`, `CommandRefused`."""
    return call(socket_path, "GET", "/health", HealthAnswer, timeout_s=ANSWERS_WITHIN_S)


def resolve(host: str) -> frozenset[int]:
    """Return the address families of `host`. Raises `socket.gaierror`."""
    return frozenset(int(found[0]) for found in socket.getaddrinfo(host, 443))


def handshake(host: str, port: int, ca_file: Path | None) -> None:
    """Connect and check the certificate, nothing else.

    Raises `CaFileError`, `ssl.SSLError`, and `OSError` when nothing is reached.
    """
    context = tls_context(ca_file)
    with (
        socket.create_connection((host, port), timeout=ANSWERS_WITHIN_S) as line,
        context.wrap_socket(line, server_hostname=host),
    ):
        pass


def issuer_of(host: str, port: int) -> str | None:
    """Return the name of the authority that signed the certificate there, None when it is hidden.

    Python tells what stands in a certificate only after it was verified, so that this one is
    trusted, for as long as it takes to read it.
    """
    try:
        shown = ssl.get_server_certificate((host, port), timeout=ANSWERS_WITHIN_S)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=shown)
        with (
            socket.create_connection((host, port), timeout=ANSWERS_WITHIN_S) as line,
            context.wrap_socket(line, server_hostname=host) as link,
        ):
            certificate = link.getpeercert() or {}
    except (OSError, ValueError):
        return None
    parts = [part for part in certificate.get("issuer", ()) if isinstance(part, tuple)]
    return printable(", ".join(str(name[1]) for part in parts for name in part)) or None


@dataclass(frozen=True, slots=True)
class CloudAccess:
    """What a device needs to ask its cloud: its URL, the kitchen, the token and the way."""

    url: str
    kid: str
    token: str = field(repr=False)
    proxy: str | None = None
    ca_file: Path | None = None
    others: tuple[str, ...] = field(default=(), repr=False)
    """Tokens that the device tries where the cloud refuses this one."""


def ask_cloud(access: CloudAccess) -> None:
    """Ask the cloud once, as the device does. Raises `CloudError`.

    A poll with neither cursor nor `boot_id` is a diagnosis: it acknowledges nothing, takes nothing
    from a running daemon, and does not count as a sign of life at the cloud.
    """
    asyncio.run(_ask(access))


async def _ask(access: CloudAccess) -> None:
    async with HttpCloud(
        access.url,
        access.kid,
        access.token,
        new_session=partial(new_session, access.proxy),
        trust=Trust(access.ca_file),
    ) as cloud:
        await cloud.events(None, 0, 0)


class TakenForUpload(Unreachable):
    """A WebSocket gets through, and the cloud took the question for an upload."""

    def __init__(self) -> None:
        super().__init__("the cloud does not know ?probe=1, and took the question for an upload")


def ask_upload(access: CloudAccess) -> None:
    """Ask whether an upload would get through; a running one goes on.

    Raises `NotUpgraded` for an answer that opens no WebSocket, otherwise `Unreachable`. It sends
    nothing, so that a cloud that takes it for an upload has nothing to show.
    """
    try:
        asyncio.run(_ask_upload(access))
    except NotUpgraded:
        raise
    except TimeoutError as error:
        raise Unreachable(f"no answer within {ANSWERS_WITHIN_S:g} s") from error
    except (aiohttp.ClientError, OSError) as error:
        raise Unreachable(failure_words(error)) from error


async def _ask_upload(access: CloudAccess) -> None:
    async with (
        asyncio.timeout(ANSWERS_WITHIN_S),
        aiohttp.ClientSession(
            middlewares=(raise_unless_upgraded,), **session_options(access.proxy)
        ) as session,
        session.ws_connect(
            f"{access.url.rstrip('/')}/v1/kitchens/{access.kid}/feed?probe=1",
            headers={"Authorization": f"Bearer {access.token}"},
            max_msg_size=4096,
            ssl=await Trust(access.ca_file).ssl(),
            timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
        ) as socket,
    ):
        try:
            message = await socket.receive(timeout=ANSWERS_WITHIN_S / 2)
        except TimeoutError:
            raise TakenForUpload from None
        if message.type in _OF_AN_UPLOAD or socket.close_code == SUPERSEDED:
            raise TakenForUpload
        if socket.close_code != aiohttp.WSCloseCode.OK:
            raise Unreachable(
                f"it was opened, but not ended as the contract says (code {socket.close_code})"
            )


_OF_AN_UPLOAD = (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
