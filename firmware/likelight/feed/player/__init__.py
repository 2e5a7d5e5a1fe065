"""The one browser player, an ES module, served from memory."""

import hashlib
from pathlib import Path

from aiohttp import web

_MODULE = (Path(__file__).parent / "player.js").read_bytes()
_ETAG = hashlib.sha256(_MODULE).hexdigest()[:16]
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Type": "text/javascript; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
}


def player_routes() -> list[web.RouteDef]:
    """Return the route of the player: `GET /player/player.js`."""
    return [web.get("/player/player.js", _player)]


async def _player(request: web.Request) -> web.Response:
    known = request.if_none_match
    if known is not None and any(tag.value in (_ETAG, "*") for tag in known):
        response = web.Response(status=304, headers={"Cache-Control": "no-cache"})
    else:
        response = web.Response(body=_MODULE, headers=_HEADERS)
    response.etag = _ETAG
    return response
