"""How viewers and other sites meet a server: its addresses, who may frame it, its contact."""

import re
from dataclasses import dataclass
from typing import Final

from yarl import URL

SELF: Final = "self"
# As a browser sends it: nothing else may get into the header of a policy.
_ORIGIN: Final = re.compile(
    r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?"
)


@dataclass(frozen=True, slots=True)
class PublicSite:
    """What an operator says of a server's pages.

    `public_urls` are the addresses that viewers open, `embed_origins` the sites whose pages may
    have a kitchen's page in a frame, `contact` the URI of who answers questions.
    """

    contact: str | None = None
    public_urls: tuple[str, ...] = ()
    embed_origins: tuple[str, ...] = ()

    def address_of(self, host: str) -> URL | None:
        """Return the public URL by whose name `host` a request came, else the first, if any.

        A `Host` that no setting names comes from the request alone, and is not handed on.
        """
        urls = [URL(url) for url in self.public_urls]
        return next((url for url in urls if url.authority == host), next(iter(urls), None))

    @property
    def framed_by(self) -> tuple[str, ...]:
        """The sources of a policy's `frame-ancestors`."""
        return tuple("'self'" if origin == SELF else origin for origin in self.embed_origins)


def check_embed_origin(text: str) -> str:
    """Return `text` if it is an origin, or "self" for this server's own. Raises `ValueError`."""
    if text == SELF:
        return text
    if not _ORIGIN.fullmatch(text):
        raise ValueError(
            f"{text} is not an origin; write it like https://www.example.com, without a path"
        )
    return text
