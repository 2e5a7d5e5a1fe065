"""`POST /consent/reload`: the command line has changed the record of the crew's consent."""

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from likelight.gate.consent_watch import ConsentWatch


class ConsentReloaded(BaseModel):
    """What the device found: `words` for a person, and whether a consent holds."""

    model_config = ConfigDict(frozen=True)

    words: str
    holds: bool


def consent_routes(consent: ConsentWatch) -> list[web.RouteDef]:
    """Return the route."""

    async def reload(_: web.Request) -> web.Response:
        words = await consent.reload()
        return web.json_response(ConsentReloaded(words=words, holds=consent.holds).model_dump())

    return [web.post("/consent/reload", reload)]
