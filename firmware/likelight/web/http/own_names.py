"""The names of a server: it answers under no other, because another site may have that one.

A site can point its own name at this machine (DNS rebinding). A browser then takes its page for one
of ours, and lets it see and do what ours may, pictures included.
"""

import ipaddress
import logging
import socket
from collections.abc import Awaitable, Iterable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from likelight.runtime.paced_log import PacedLog
from likelight.web.http.problems import ProblemError

HTTPS_PORT = 443

log = logging.getLogger(__name__)

_NEVER_A_SITES = (".local", ".localhost", ".internal", ".home.arpa")
"""RFC 6762, 6761, ICANN's resolution 2024.07.29.06, RFC 8375: nobody can register a name there."""


class OwnNames:
    """Addresses, names without a dot, names that nobody can register, and those that were given.

    Given are those of `public_urls`, where viewers open the server by a name or through a proxy,
    `host`, on which it listens, and the machine's own. `option` is what sets another public URL.
    """

    def __init__(
        self,
        public_urls: Iterable[str] = (),
        *,
        host: str = "",
        option: str = "its configuration",
    ) -> None:
        self.public_urls = tuple(public_urls)
        self.option = option
        self._public = tuple(URL(url) for url in self.public_urls)
        names = (host, socket.gethostname(), *(url.authority for url in self._public))
        self._given = {_name(name) for name in names}
        self._refusals = PacedLog(log)

    @property
    def only_https(self) -> bool:
        """Whether viewers come over TLS only, and nothing else of that name is at another port."""
        return bool(self._public) and all(
            url.scheme == "https" and url.port == HTTPS_PORT for url in self._public
        )

    def has(self, authority: str) -> bool:
        """Return whether `authority`, the value of a `Host` header, is one of ours."""
        name = _name(authority)
        return name is not None and (
            name in self._given
            or "." not in name  # an IPv6 address, or a word
            or name.endswith(_NEVER_A_SITES)
            or _is_ipv4(name)
        )

    def middleware(self) -> Middleware:
        """Return a middleware that answers 421 under another name.

        A request without a `Host`, as in HTTP/1.0, does not come from a browser, and no name can
        mislead it.
        """

        @web.middleware
        def at_our_own_name(
            request: web.Request, handler: Handler
        ) -> Awaitable[web.StreamResponse]:
            authority = request.headers.get("Host", "")
            if self.has(authority):
                return handler(request)
            self._refusals.say(
                "Refused a request for %s, which is not a name of this server. If people shall "
                "open it by that name, add it: %s",
                _name(authority) or "something that is not a name",
                self.option,
            )
            raise ProblemError(
                421,
                "This server does not answer under this name. Open it by its IP address or its "
                f"name in .local; its operator can add a name with {self.option}.",
            )

        return at_our_own_name


def _name(authority: str) -> str | None:
    """Return the host in `authority` in lower case, without its port and last dot."""
    try:
        return (URL.build(scheme="http", authority=authority).host or "").rstrip(".").lower()
    except ValueError:
        return None


def _is_ipv4(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True
