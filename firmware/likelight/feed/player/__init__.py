"""The one browser player: ES modules served from memory, and hls.js for browsers that need it."""

import asyncio
from functools import cache
from pathlib import Path

from aiohttp import web

from likelight.web.http.declared import Part, declares
from likelight.web.http.static_files import ServedFile, read_folder, static_route

_FOLDER = Path(__file__).parent
_HLS_JS = _FOLDER / "vendor" / "hls.light.min.mjs"
_MODULES = read_folder(_FOLDER)


def player_routes() -> list[web.RouteDef]:
    """Return the routes of the player: `GET /player/{name}`, and hls.js as `/player/vendor/hls.js`.

    `/player/player.js` is the module that a page imports.
    """
    return [static_route("/player", _MODULES), web.get("/player/vendor/hls.js", _hls_js)]


def player_sources() -> dict[str, str]:
    """Return the player's modules by address, without hls.js: a page may bundle them."""
    return {f"/player/{name}": file.plain.decode() for name, file in _MODULES.items()}


@declares(Part.PAGES, "hls.js, for browsers that need it", {200: "text/javascript", 304: None})
async def _hls_js(request: web.Request) -> web.Response:
    return (await asyncio.to_thread(_read_hls_js)).reply(request)


@cache
def _read_hls_js() -> ServedFile:
    # Read and packed at its first use: half a megabyte that most devices never serve.
    return ServedFile.of("hls.js", _HLS_JS.read_bytes())
