"""The pages that viewers open: templates, one script, one stylesheet, and nothing of others."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web
from pydantic import Field

from likelight.assets.catalogue import Notes
from likelight.contract import KITCHEN_ID, Summary
from likelight.web.http.declared import Content, Part, declares
from likelight.web.http.public_site import PublicSite
from likelight.web.http.static_files import static_route
from likelight_cloud.page.around import around_routes
from likelight_cloud.page.files import BUNDLED, FILES, PREFIX, PageFiles
from likelight_cloud.page.kitchen import Became, KitchenPages
from likelight_cloud.page.languages import LanguageQuery
from likelight_cloud.page.sharing import sharing_routes

_KID = f"{{kid:{KITCHEN_ID}}}"


class _PageQuery(LanguageQuery):
    """The language, and the moment of a link that a brand's own page has made."""

    moment: str = Field(default="", description="SOURCE.KIND.EXPIRES.MAC, as INGEST.md has it")


_HTML: Final[Mapping[int, Content]] = {200: "text/html", 304: None}
_UNKNOWN: Final = {404: "`kitchen`: there is no such kitchen."}


def page_routes(
    look: Callable[[str], Awaitable[Summary | None]],
    notes_of: Callable[[Summary | None], Awaitable[Notes]],
    became: Callable[[web.Request], Awaitable[Became]],
    site: PublicSite,
    files: PageFiles = BUNDLED,
) -> list[web.RouteDef]:
    """Return `GET /k/{kid}`, the same without a picture at `/k/{kid}/here` for guests in the house,
    the same for the frames of other `site`s at `/embed/{kid}`, the files that all are made of, and
    what browsers ask for beside them.

    `look` returns a kitchen's summary, None while it can't be known, and raises the 404 for a
    kitchen that does not exist. `notes_of` returns the notes that viewers may send to it. `became`
    returns what became of the form that led to a page.
    """
    pages = KitchenPages(look, notes_of, became, site, files)

    @declares(Part.PAGES, "The kitchen's page", _HTML, _UNKNOWN, query=_PageQuery)
    async def kitchen(request: web.Request) -> web.Response:
        return await pages.reply(request, "page")

    @declares(Part.PAGES, "The page for guests in the house", _HTML, _UNKNOWN, query=LanguageQuery)
    async def here(request: web.Request) -> web.Response:
        return await pages.reply(request, "here")

    @declares(
        Part.PAGES,
        "The page for a frame of another site",
        _HTML,
        _UNKNOWN,
        query=LanguageQuery,
    )
    async def embed(request: web.Request) -> web.Response:
        return await pages.reply(request, "embed")

    return [
        web.get(f"/k/{_KID}", kitchen),
        web.get(f"/k/{_KID}/here", here),
        web.get(f"/embed/{_KID}", embed),
        static_route(PREFIX, files.served),
        *sharing_routes(look, site, _KID),
        *around_routes(FILES["favicon.ico"]),
    ]
