"""`POST /consent/reload`: the command line has changed the record of the crew's consent."""

from aiohttp import web

from likelight.gate.consent_watch import ConsentWatch
from likelight.web.control.messages import ConsentAnswer
from likelight.web.http import body


def consent_routes(consent: ConsentWatch) -> list[web.RouteDef]:
    """Return the route."""

    async def reload(_: web.Request) -> web.Response:
        words = await consent.reload()
        return body.json_answer(ConsentAnswer(words=words, holds=consent.holds))

    return [web.post("/consent/reload", reload)]
