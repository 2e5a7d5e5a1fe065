"""The headers of every reply: what browsers may do with it, and nothing of what runs here."""

from collections.abc import Mapping
from typing import Final

EVERY_REPLY: Final[Mapping[str, str]] = {
    # aiohttp's own has its version and Python's.
    "Server": "likelight",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # No other site's page can show a picture of a kitchen, or keep a handle on a window of ours.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

# Script, style, pictures, sockets and media of our own origin and nothing else; `blob:` is what
# Media Source Extensions and the still pictures of the player need. No page has a form.
PAGE_POLICY: Final = (
    "default-src 'self'; media-src 'self' blob:; img-src 'self' data: blob:; connect-src 'self'; "
    "style-src 'self'; script-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)

HSTS: Final = {"Strict-Transport-Security": "max-age=31536000"}
"""A year, as browsers' own lists ask for. Without includeSubDomains: those belong to others."""
