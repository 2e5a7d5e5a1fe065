"""`/fleet/notes`: the notes that are published, and what they look like on each panel."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from likelight.assets.catalogue import DEFAULT, Notes
from likelight.web.http.body import unprocessable
from likelight.web.http.declared import Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.device.catalogue import NAME
from likelight_cloud.api.fleet.reply import PRIVATE, page
from likelight_cloud.api.fleet.who import OperatorCheck
from likelight_cloud.api.viewer.catalogue import CatalogueQuery
from likelight_cloud.app import BUSY, CLOUD
from likelight_cloud.fleet_page import templates
from likelight_cloud.fleet_page.catalogues import numbers
from likelight_cloud.fleet_page.note_previews import PANEL_NAMES, own_in, own_languages, picture
from likelight_cloud.store.catalogues import PublishedCatalogue

_GONE: Final[Mapping[int, str]] = {
    404: "No such notes are published, or they have no such note, or there is no such panel.",
    422: "`invalid`: `lang` is not a language tag.",
}


def notes_routes(check: OperatorCheck) -> list[web.RouteDef]:
    """Return the pages about published notes."""
    drawing = asyncio.Semaphore(1)

    @declares(
        Part.FLEET,
        "The notes that are published, and in how many kitchens",
        {200: "text/html", 303: None},
        BUSY,
        operator=True,
    )
    async def get_all(request: web.Request) -> web.Response:
        operator = await check.by_page(request)
        store = request.app[CLOUD].store
        documents, kitchens = await store.catalogues.published(), await store.kitchens()
        return page(
            templates.NOTES, operator=operator, documents=documents, numbers=numbers(kitchens)
        )

    @declares(
        Part.FLEET,
        "What published notes look like on each panel",
        {200: "text/html", 303: None},
        {**_GONE, **BUSY},
        query=CatalogueQuery,
        operator=True,
    )
    async def get_one(request: web.Request) -> web.Response:
        operator = await check.by_page(request)
        document, notes = await _found(request)
        languages = own_languages(notes)
        lang = _language(request, notes, languages)
        return page(
            templates.NOTES_PREVIEW,
            operator=operator,
            document=document,
            languages=languages,
            lang=lang,
            dir=notes.load(lang).dir,
            notes=own_in(notes, lang),
            panels=PANEL_NAMES,
        )

    @declares(
        Part.FLEET,
        "A published note as a panel shows it",
        {200: "image/png", 303: None},
        {**_GONE, **BUSY},
        query=CatalogueQuery,
        operator=True,
    )
    async def get_picture(request: web.Request) -> web.Response:
        await check.by_page(request)
        _, notes = await _found(request)
        lang = _language(request, notes, ())
        asked, panel = request.match_info["code"], request.match_info["panel"]
        note = next((one for one in own_in(notes, lang) if one.code == asked), None)
        if note is None or panel not in PANEL_NAMES:
            raise ProblemError(404, _GONE[404])
        rtl = notes.load(lang).dir == "rtl"
        # One at a time: a page asks for all of its pictures at once, and devices poll meanwhile.
        async with drawing:
            png = await asyncio.to_thread(picture, note, panel, rtl=rtl)
        return web.Response(body=png, content_type="image/png", headers=PRIVATE)

    return [
        web.get("/fleet/notes", get_all),
        web.get("/fleet/notes/{sha256}", get_one),
        web.get("/fleet/notes/{sha256}/{panel}/{code}.png", get_picture),
    ]


async def _found(request: web.Request) -> tuple[PublishedCatalogue, Notes]:
    """Return the document that `request` is about, with its notes. Raises a 404."""
    cloud, sha256 = request.app[CLOUD], request.match_info["sha256"]
    if NAME.fullmatch(sha256):
        for document in await cloud.store.catalogues.published():
            if document.sha256 == sha256:
                return document, await cloud.offered.of(sha256)
    raise ProblemError(404, _GONE[404])


def _language(request: web.Request, notes: Notes, own: Iterable[str]) -> str:
    """Return the language that `request` asks for, else the first of the document's `own`."""
    try:
        query = CatalogueQuery.model_validate(dict(request.query))
    except ValidationError as error:
        raise unprocessable(error) from error
    if "lang" not in request.query:
        return next((lang for lang in (DEFAULT, *own) if lang in own), DEFAULT)
    return notes.load(query.lang).lang
