"""The HTTP client of a device: which authorities it trusts. It keeps no cookie of a server."""

import asyncio
import ssl
from pathlib import Path
from typing import Literal, TypedDict

import aiohttp

from likelight.runtime.printable import printable
from likelight.runtime.tls import certificate_words, tls_context


class SessionOptions(TypedDict):
    """Options of `aiohttp.ClientSession`."""

    cookie_jar: aiohttp.abc.AbstractCookieJar
    auto_decompress: bool
    headers: dict[str, str]
    proxy: str | None


def session_options(proxy: str | None = None) -> SessionOptions:
    """Return the options of every session of a device, for one session.

    Only a `proxy` that is named is used: a variable such as `https_proxy`, which some program has
    set for another purpose, would otherwise decide where a token is sent.

    No cookies: a front end that sets ever new ones makes the requests too large for itself. No
    compression: a small reply must not become a large one.
    """
    return {
        "cookie_jar": aiohttp.DummyCookieJar(),
        "auto_decompress": False,
        "headers": {"Accept-Encoding": "identity"},
        "proxy": proxy,
    }


def new_session(proxy: str | None = None) -> aiohttp.ClientSession:
    """Return a session; it belongs to the running loop, and its caller closes it."""
    return aiohttp.ClientSession(**session_options(proxy))


def failure_words(error: Exception) -> str:
    """Return on one line why a request of such a session failed."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return certificate_words(error.certificate_error)
    return printable(str(error) or type(error).__name__)


class Trust:
    """The authorities that may sign the cloud's certificate: the system's, or those of a file.

    A file that can't be used is read again at each connection, so that it may come later. One that
    was read is kept.
    """

    def __init__(self, ca_file: Path | None = None) -> None:
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None

    async def ssl(self) -> ssl.SSLContext | Literal[True]:
        """Return aiohttp's option `ssl` for a connection. Raises `CaFileError`."""
        if self._ca_file is None:
            return True
        if self._context is None:
            self._context = await asyncio.to_thread(tls_context, self._ca_file)
        return self._context
