"""What a person finds where there is nothing, or where a form was refused: the right address, or a
page that says so in the reader's language.

A program gets the JSON problem as before.
"""

import re
from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from likelight.contract import KITCHEN_ID
from likelight.web.http.problems import ProblemError
from likelight.web.http.public_site import PublicSite
from likelight.web.http.reply_headers import page_policy
from likelight.web.http.static_files import ServedFile
from likelight_cloud.page.kitchen import parted
from likelight_cloud.page.languages import WORDS, context, in_readers_language
from likelight_cloud.page.templates import REFUSED


def _pages(said: str, hint: str | None = None) -> dict[str, ServedFile]:
    """Return the page that says the words `said` in every language, with a way back unless a `hint`
    tells what else to do."""
    pages = {}
    for lang, words in WORDS.items():
        what, _, rest = parted(words[said])
        told = {"what": what, "rest": words[hint] if hint else rest, "has_way_back": not hint}
        html = REFUSED.render({**context(lang, words), **told})
        pages[lang] = ServedFile.of("page.html", html.encode())
    return pages


_NOTHING: Final = _pages("nothing", "nothing_hint")
_NO_KITCHEN: Final = _pages("unknown", "nothing_hint")
_FORMS: Final[Mapping[int, dict[str, ServedFile]]] = {
    HTTPStatus.NOT_FOUND: _NO_KITCHEN,
    # Of a page that was open while the notes changed.
    HTTPStatus.UNPROCESSABLE_ENTITY: _pages("note_refused"),
    HTTPStatus.SERVICE_UNAVAILABLE: _pages("not_now"),
}
_PAGE: Final = re.compile(rf"(/k/{KITCHEN_ID}(?:/here)?|/embed/{KITCHEN_ID})/*", re.IGNORECASE)


def for_persons(site: PublicSite) -> Middleware:
    """Return a middleware that sends a browser on from another case or a slash at the end, and
    answers a 404, and the refusal of a form, as a page. `site` says who may frame one of those."""
    framed = page_policy(site.framed_by)

    async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except (web.HTTPNotFound, ProblemError) as error:
            refused = error.problem if isinstance(error, ProblemError) else error
            page = _page_of(request, refused.status)
            if page is None:
                raise
            headers = error.headers
        if (right := _right_path(request)) is not None:
            raise web.HTTPPermanentRedirect(right, headers={"Vary": "Accept"})
        response = in_readers_language(request, page)
        response.set_status(refused.status)
        response.headers["Cache-Control"] = "no-store"
        if "Retry-After" in headers:
            response.headers["Retry-After"] = headers["Retry-After"]
        if request.path.lower().startswith("/embed/"):
            response.headers["Content-Security-Policy"] = framed
        return response

    @web.middleware
    def answer(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        # Of programs nothing stays in memory here while a device's poll is held.
        for_a_person = "text/html" in request.headers.get("Accept", "")
        return told(request, handler) if for_a_person else handler(request)

    return answer


def _page_of(request: web.Request, status: int) -> Mapping[str, ServedFile] | None:
    """Return the page that tells a person of `status`, by language; None where the JSON stays.

    A browser's own address bar and its forms ask for HTML; its scripts, and programs, do not, and
    are not asked about here.
    """
    if request.method == "POST":
        return _FORMS.get(status) if _PAGE.fullmatch(request.path) else None
    if request.method not in ("GET", "HEAD") or status != HTTPStatus.NOT_FOUND:
        return None
    if request.path.startswith("/v1/"):
        return None
    in_kitchens = request.path.lower().startswith(("/k/", "/embed/"))
    return _NO_KITCHEN if in_kitchens else _NOTHING


def _right_path(request: web.Request) -> str | None:
    """Return the address that `request` means, None when it is right already or means none."""
    found = _PAGE.fullmatch(request.path)
    if found is None or found[1].lower() == request.path:
        return None
    query = f"?{request.query_string}" if request.query_string else ""
    return f"{found[1].lower()}{query}"
