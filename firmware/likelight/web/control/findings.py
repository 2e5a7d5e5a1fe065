"""`POST /findings`: what the doctor has found, which the daemon tells the cloud."""

from collections.abc import Callable

from aiohttp import web

from likelight.contract import DeviceFinding
from likelight.web.control.messages import DoneAnswer, FindingsRequest
from likelight.web.http import body

KeepFindings = Callable[[tuple[DeviceFinding, ...]], None]


def findings_routes(keep: KeepFindings) -> list[web.RouteDef]:
    """Return the route; `keep` takes what was found, in the place of what was found before."""

    async def post(request: web.Request) -> web.Response:
        keep((await body.read_body(request, FindingsRequest)).findings)
        return body.json_answer(DoneAnswer())

    return [web.post("/findings", post)]
