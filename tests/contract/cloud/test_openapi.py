"""The contract as OpenAPI: all that a cloud serves is in it, and it is what it says it is."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from likelight_cloud.openapi.document import UndeclaredError, document
from support.cloud_server import cloud_server

NO_HEAD = {
    "/v1/kitchens/{kid}/events",
    "/v1/kitchens/{kid}/feed",
    "/k/{kid}/ws",
}
"""A poll would wait, a WebSocket has no HEAD."""


async def test_every_address_is_in_the_document_and_no_other(tmp_path: Path) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site, aiohttp.ClientSession() as session:
        async with session.get(f"{site.public}/openapi.json") as reply:
            whole = await reply.json()
        routes = [(one.resource.canonical, one.method) for one in site.app.router.routes()]
    listed = [
        (path, method.upper())
        for path, operations in whole["paths"].items()
        for method in operations
    ]
    served = [(path, method) for path, method in routes if method != "HEAD"]
    assert sorted(listed) == sorted(served)
    heads = {path for path, method in routes if method == "HEAD"}
    assert heads == {path for path, method in served if method == "GET"} - NO_HEAD


async def test_the_document_is_openapi_and_every_reference_is_there(tmp_path: Path) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site, aiohttp.ClientSession() as session:
        async with session.get(f"{site.public}/openapi.json") as reply:
            text = await reply.text()
    whole = json.loads(text)
    assert whole["openapi"] == "3.1.0"
    # It takes 2 s, which each worker would pay that only collects the tests.
    import schemathesis  # noqa: PLC0415

    schemathesis.openapi.from_dict(whole).validate()
    for reference in set(_references(whole)):
        kind, name = reference.removeprefix("#/components/").split("/")
        assert name in whole["components"][kind], reference


async def test_an_address_that_declares_nothing_is_named() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/v1/new/{id}", handler)])
    with pytest.raises(UndeclaredError, match=r"^GET /v1/new/\{id\} declares nothing$"):
        document(app.router.routes())


async def test_the_page_has_all_of_it_and_needs_nothing_of_others(tmp_path: Path) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site, aiohttp.ClientSession() as session:
        async with session.get(f"{site.public}/openapi.json") as reply:
            whole = await reply.json()
        async with session.get(f"{site.public}/openapi") as reply:
            assert reply.headers["Content-Security-Policy"].startswith("default-src 'self';")
            page = await reply.text()
    for path, operations in whole["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code>" in page
    for name in whole["components"]["schemas"]:
        assert f'<h3 id="{name}">{name}</h3>' in page
    assert "<code>kitchen</code>: there is no such kitchen." in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for each in value for found in _references(each)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if "$ref" in value else []
    return own + [found for each in value.values() for found in _references(each)]
