"""Where a stream is pushed to. The URL's path is a secret: it holds the stream key."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

SCHEMES = ("rtmps", "rtmp", "rtsps", "rtsp")

# What may stand in a URL (RFC 3986). FFmpeg's own quoting leaves all of these as they are, except
# the apostrophe, which child.py escapes.
_URL = re.compile(r"[A-Za-z0-9%:/?#\[\]@!$&'()*+,;=._~-]+")


@dataclass(frozen=True, slots=True)
class PushTarget:
    """A media server's URL, and the PEM file of the authorities that may sign its certificate.

    `ca_file` is for rtmps and rtsps. Raises `ValueError`, without the URL in it, for any other URL.
    """

    url: str = field(repr=False)
    ca_file: Path

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise ValueError("this is not a URL") from None
        if parts.scheme not in SCHEMES:
            raise ValueError(f"a push goes to one of {', '.join(SCHEMES)}://")
        if not host or not parts.path.strip("/"):
            raise ValueError("a push goes to a host and a path: rtmps://HOST/APP/KEY")
        if not _URL.fullmatch(self.url):
            raise ValueError("a URL has no spaces or other characters that aren't percent-encoded")

    @property
    def server(self) -> str:
        """Scheme, host and port: all of the URL that may be shown or logged."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def secure(self) -> bool:
        """True when TLS carries the stream."""
        return self.url.startswith(("rtmps:", "rtsps:"))

    @property
    def secrets(self) -> list[str]:
        """What of the URL must stay secret: its user, its password, its path's parts, its query."""
        parts = urlsplit(self.url)
        named = [parts.username, parts.password, parts.query, *parts.path.split("/")]
        return [secret for secret in named if secret]


def check_public(url: str) -> None:
    """Raise `ValueError` when `url` can't be pushed to, or has a password or a query."""
    PushTarget(url, Path())
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query:
        raise ValueError("a URL with a password or a key in it belongs in a url_file")
