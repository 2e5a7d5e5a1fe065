"""The headers of every reply: what browsers may do with it, and nothing of what runs here."""

from collections.abc import Iterable, Mapping
from typing import Final

RESOURCE_POLICY: Final = "Cross-Origin-Resource-Policy"

EVERY_REPLY: Final[Mapping[str, str]] = {
    # aiohttp's own has its version and Python's.
    "Server": "likelight",
    "X-Content-Type-Options": "nosniff",
    # Other sites learn nothing. Under no-referrer a browser hides the origin of our own forms, too.
    "Referrer-Policy": "same-origin",
    # No other site's page can show a picture of a kitchen, or keep a handle on a window of ours.
    RESOURCE_POLICY: "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

NOBODY: Final = "'none'"


def page_policy(framed_by: Iterable[str] = ()) -> str:
    """Return the policy of a page that only the origins `framed_by` may have in a frame.

    Script, style, pictures, sockets and media of our own origin and nothing else; `blob:` is what
    Media Source Extensions and the still pictures of the player need. Without JavaScript the
    viewer's page likes and sends notes by a form.
    """
    return (
        "default-src 'self'; media-src 'self' blob:; img-src 'self' data: blob:; "
        "connect-src 'self'; style-src 'self'; script-src 'self'; "
        f"frame-ancestors {' '.join(framed_by) or NOBODY}; base-uri 'none'; form-action 'self'"
    )


PAGE_POLICY: Final = page_policy()

HSTS: Final = {"Strict-Transport-Security": "max-age=31536000"}
"""A year, as browsers' own lists ask for. Without includeSubDomains: those belong to others."""
