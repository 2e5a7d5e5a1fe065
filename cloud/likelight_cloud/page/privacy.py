"""What is kept of viewers, for people and for machines, and where to report a fault."""

from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import web

from likelight.runtime.clock import Now
from likelight.web.http.declared import Part, declares
from likelight.web.http.problems import ProblemError
from likelight.web.http.static_files import ServedFile, page_route
from likelight_cloud.page.languages import LanguageQuery, in_readers_language, pages, read_words
from likelight_cloud.page.templates import PRIVACY

_HERE: Final = Path(__file__).parent
_WORDS: Final = read_words(_HERE / "privacy_words")
_RECORD: Final = ServedFile.of("privacy.json", (_HERE / "privacy.json").read_bytes())

VALID_FOR = timedelta(days=180)
"""RFC 9116 wants an end that is less than a year away."""


def privacy_routes(*, contact: str | None, now: Now) -> list[web.RouteDef]:
    """Return `/privacy`, `/privacy.json` and `/.well-known/security.txt`.

    `contact` is the URI under which the operator answers: mailto:, https: or tel:. Without one the
    page names none, and there is no security.txt, which would be nothing without it.
    """
    by_language = pages(PRIVACY, _WORDS, address_of_contact=contact)

    @declares(
        Part.PAGES,
        "What is stored, why and how long",
        {200: "text/html", 304: None},
        query=LanguageQuery,
    )
    async def page(request: web.Request) -> web.Response:
        return in_readers_language(request, by_language)

    @declares(
        Part.PAGES,
        "Where to report a fault (RFC 9116)",
        {200: "text/plain"},
        {404: "No contact is set on this server."},
    )
    async def security(request: web.Request) -> web.Response:
        if contact is None:
            raise ProblemError(
                HTTPStatus.NOT_FOUND,
                "No contact is set on this server. Its operator can set one: --contact of the "
                "cloud, web.contact of a device.",
            )
        text = (
            f"Contact: {contact}\nExpires: {_end(now()):%Y-%m-%dT%H:%M:%SZ}\n"
            f"Preferred-Languages: en\nCanonical: {request.url.origin()}{request.path}\n"
        )
        return web.Response(text=text, headers={"Cache-Control": "no-cache"})

    return [
        web.get("/privacy", page),
        page_route("/privacy.json", _RECORD),
        web.get("/.well-known/security.txt", security),
    ]


def _end(at: datetime) -> datetime:
    return datetime.combine(at.date() + VALID_FOR, time(), UTC)
