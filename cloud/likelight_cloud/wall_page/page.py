"""`GET /wall?k=a,b,c`: live pictures of those kitchens that are open, and nothing to press."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from aiohttp import web
from markupsafe import Markup

from likelight.contract import Summary
from likelight.web.http.declared import Part, declares
from likelight.web.http.look_files import symbols
from likelight.web.http.problems import ProblemError
from likelight.web.http.public_site import PublicSite
from likelight.web.http.reply_headers import page_policy
from likelight.web.http.static_files import ServedFile, static_route
from likelight_cloud.page.kitchen import parted
from likelight_cloud.page.languages import WORDS, by_language, context, language_of, read_words
from likelight_cloud.page.templates import REFUSED
from likelight_cloud.wall_page.files import PREFIX, WALL
from likelight_cloud.wall_page.named import (
    MOST,
    KitchensQuery,
    WallRefusedError,
    named_kitchens,
    unknown_kitchen,
)
from likelight_cloud.wall_page.shown import WallKitchen, wall_kitchen
from likelight_cloud.wall_page.templates import PAGE

WALL_WORDS: Final = read_words(Path(__file__).parent / "words")
"""The wall's own words by language, then by key."""

_OF_THE_KITCHEN_S_PAGE: Final = ("named", "waking", "lost", "shortly")
"""Keys of words that both pages say."""

_SYMBOLS: Final = Markup(symbols(prefix="i-"))  # noqa: S704  our own drawings

Look = Callable[[str], Awaitable[Summary | None]]
"""Returns a kitchen's summary, None while it can't be known; raises the 404 for an unknown one."""


def wall_routes(look: Look, site: PublicSite) -> list[web.RouteDef]:
    """Return `GET /wall` and its files. The origins that may frame a kitchen's page in `site` may
    frame a wall of them, too: there is nothing in it that a click could do."""
    policy = page_policy(site.framed_by)

    @declares(
        Part.PAGES,
        "Several kitchens on one screen",
        {200: "text/html", 304: None},
        {
            400: f"`k` does not name 1 to {MOST} kitchens, each once.",
            404: "`kitchen`: there is no such kitchen.",
        },
        query=KitchensQuery,
    )
    async def wall(request: web.Request) -> web.Response:
        try:
            kitchens = [await _kitchen(look, kid) for kid in named_kitchens(request)]
        except WallRefusedError as refused:
            # A program gets the problem.
            if "text/html" not in request.headers.get("Accept", ""):
                raise
            response = _refusal(request, refused)
        else:
            response = by_language(request, _page(language_of(request), kitchens))
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return [web.get("/wall", wall), static_route(PREFIX, WALL.served)]


async def _kitchen(look: Look, kid: str) -> WallKitchen:
    try:
        return wall_kitchen(kid, await look(kid))
    except ProblemError as error:
        raise unknown_kitchen(kid) from error


def _words(lang: str) -> dict[str, str]:
    shared = {key: WORDS[lang][key] for key in _OF_THE_KITCHEN_S_PAGE}
    return {**shared, **WALL_WORDS[lang]}


def _page(lang: str, kitchens: list[WallKitchen]) -> ServedFile:
    words = _words(lang)
    any_open = any(kitchen.open for kitchen in kitchens)
    what, _, rest = parted(words["waking" if any_open else "quiet"])
    html = PAGE.render(
        **context(lang, words),
        files=WALL,
        symbols=_SYMBOLS,
        kitchens=kitchens,
        told=[kitchen.model_dump() for kitchen in kitchens],
        scene="idle" if any_open else "offline",
        what=what,
        rest=rest,
    )
    return ServedFile.of("page.html", html.encode())


def _refusal(request: web.Request, refused: WallRefusedError) -> web.Response:
    lang = language_of(request)
    words = _words(lang)
    what, _, rest = parted(words["no_wall"])
    if refused.said == "unknown":
        what = words["unknown"].replace("{kid}", refused.kid)
    html = REFUSED.render(
        {**context(lang, words), "what": what, "rest": rest, "has_way_back": False}
    )
    response = by_language(request, ServedFile.of("page.html", html.encode()))
    response.set_status(refused.problem.status)
    response.headers["Cache-Control"] = "no-store"
    return response
