"""`POST /v1/kitchens/{kid}/token`: a device brings its new token, when it was asked for one."""

import logging

from aiohttp import web

from likelight.contract.enrolment import TokenRequest
from likelight.contract.problem import ProblemType
from likelight.web.http.body import json_answer
from likelight.web.http.declared import Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.device.admitted import read_admitted
from likelight_cloud.app import CLOUD, IN_KITCHEN

log = logging.getLogger(__name__)


@declares(
    Part.DEVICE,
    "A device's new token, beside the one that it comes with",
    {200: TokenRequest},
    {**IN_KITCHEN, 409: "`rotation`: none was asked for, or another one came first."},
    request=TokenRequest,
    token=True,
)
async def post_token(request: web.Request) -> web.Response:
    """Make the token valid whose checksum came; the same again gets the same answer."""
    cloud = request.app[CLOUD]
    kitchen = await cloud.kitchen(request.match_info["kid"])
    kid = kitchen.record.kid
    asked, under = await read_admitted(request, kitchen, TokenRequest, counts=False)
    if not await cloud.store.take_token(kid, under, bytes.fromhex(asked.token_sha256), cloud.now()):
        log.warning(
            "A device of the kitchen %s brought a token that nobody asked for, or not first. If a "
            "rotation was asked for, another device has its token, too: `likelight-cloud token "
            "revoke %s`",
            kid,
            kid,
        )
        raise ProblemError(
            409,
            f"No new token of the kitchen {kid} is asked for, or another one came first. Go on "
            "with the one in use; `likelight-cloud token rotate KID` asks for one.",
            type=ProblemType.ROTATION,
        )
    log.info("The device of the kitchen %s has drawn a new token", kid)
    return json_answer(asked)
