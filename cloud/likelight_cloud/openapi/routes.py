"""`/openapi.json`, and the same as a page that needs no script at `/openapi`."""

import asyncio
import json
from dataclasses import dataclass
from functools import cache

from aiohttp import web

from likelight.web.http.declared import Part, declares
from likelight.web.http.static_files import ServedFile
from likelight_cloud.openapi.document import document
from likelight_cloud.page.templates import OPENAPI


@dataclass(frozen=True, slots=True)
class _Files:
    document: ServedFile
    page: ServedFile


def mount_openapi(app: web.Application) -> None:
    """Put the document of all addresses of `app` into it, these two included."""

    @cache
    def made() -> _Files:
        whole = document(app.router.routes())
        return _Files(
            ServedFile.of("openapi.json", json.dumps(whole, ensure_ascii=False).encode()),
            ServedFile.of("openapi.html", OPENAPI.render(api=whole).encode()),
        )

    # It takes 0.1 s, and few servers are ever asked for it.
    async def files() -> _Files:
        return await asyncio.to_thread(made)

    @declares(Part.SERVER, "This document", {200: "application/json", 304: None})
    async def as_json(request: web.Request) -> web.Response:
        return (await files()).document.reply(request)

    @declares(Part.SERVER, "This document as a page", {200: "text/html", 304: None})
    async def as_page(request: web.Request) -> web.Response:
        return (await files()).page.reply(request)

    app.add_routes([web.get("/openapi.json", as_json), web.get("/openapi", as_page)])
