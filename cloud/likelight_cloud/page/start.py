"""`/` of a cloud of its own: its kitchens, where the operator lets it list them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from likelight.web.http.declared import Part, declares
from likelight.web.http.static_files import ServedFile
from likelight_cloud.page.languages import (
    WORDS,
    LanguageQuery,
    by_language,
    context,
    in_readers_language,
    language_of,
    pages,
)
from likelight_cloud.page.templates import START

LISTED_AGAIN_S = 10.0
"""Everybody may ask, and each list reads the whole database: a new kitchen is here that late."""

Kitchens = Callable[[], Awaitable[Sequence[tuple[str, str]]]]
"""Returns the id and the name of each kitchen, in the order in which they are shown."""


def start_routes(kitchens: Kitchens | None) -> list[web.RouteDef]:
    """Return `GET /`, which lists `kitchens`; without them it names none."""
    empty = pages(START, kitchens=())
    listed: list[tuple[str, str]] = []
    listed_at = float("-inf")
    looking = asyncio.Lock()

    @declares(Part.PAGES, "The start page", {200: "text/html", 304: None}, query=LanguageQuery)
    async def start(request: web.Request) -> web.Response:
        nonlocal listed, listed_at
        if kitchens is None:
            return in_readers_language(request, empty)
        async with looking:
            now = asyncio.get_running_loop().time()
            if now - listed_at >= LISTED_AGAIN_S:
                listed, listed_at = list(await kitchens()), now
        lang = language_of(request)
        text = START.render({**context(lang, WORDS[lang]), "kitchens": listed})
        return by_language(request, ServedFile.of("page.html", text.encode()))

    return [web.get("/", start)]
