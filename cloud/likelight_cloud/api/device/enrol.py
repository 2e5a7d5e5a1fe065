"""`POST /v1/enrol`: a device with an enrolment code becomes a kitchen's."""

import asyncio
import logging

from aiohttp import web

from likelight.contract.enrolment import EnrolReply, EnrolRequest
from likelight.contract.problem import ProblemType
from likelight.web.http.body import json_answer, read_body
from likelight.web.http.client_address import client_of
from likelight.web.http.declared import Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.viewer.who import over_limit
from likelight_cloud.app import BUSY, CLOUD
from likelight_cloud.store.enrolment import CodeRefusal
from likelight_cloud.trust.ceilings import PrefixBuckets
from likelight_cloud.trust.device import hashed

log = logging.getLogger(__name__)

PER_MIN = 30
"""From one address prefix: enough for a workshop with 30 new devices, too few to guess 128 bits."""

_REFUSALS = {
    CodeRefusal.UNKNOWN: (
        404,
        "There is no such enrolment code: it is mistyped, or a newer one took its place. Compare "
        "it with the list, or ask for another: `likelight-cloud kitchen code KID`.",
    ),
    CodeRefusal.USED: (
        409,
        "Another device has used this enrolment code. Ask for a new one, which ends this one: "
        "`likelight-cloud kitchen code KID`.",
    ),
    CodeRefusal.EXPIRED: (
        410,
        "This enrolment code is older than 90 days. Ask for a new one: "
        "`likelight-cloud kitchen code KID`.",
    ),
}


def enrol_routes() -> list[web.RouteDef]:
    """Return the address under which devices enrol."""
    limit = PrefixBuckets(PER_MIN)

    @declares(
        Part.DEVICE,
        "A device with an enrolment code becomes a kitchen's",
        {201: EnrolReply},
        {
            404: "`code`: there is no such code, or a newer one took its place.",
            409: "`code`: a device with another token has used it.",
            410: "`code`: it is older than 90 days.",
            429: "`limit`: more than 30 a minute come from one address prefix.",
            **BUSY,
        },
        request=EnrolRequest,
    )
    async def post_enrol(request: web.Request) -> web.Response:
        """Make the device's own token valid for the kitchen of its code."""
        cloud = request.app[CLOUD]
        wait_s = limit.take(limit.hidden(client_of(request)), asyncio.get_running_loop().time())
        if wait_s:
            raise over_limit("Very many devices enrol from your network just now.", wait_s)
        asked = await read_body(request, EnrolRequest)
        token_hash = bytes.fromhex(asked.token_sha256)
        result = await cloud.store.redeem(hashed(asked.code), token_hash, cloud.now())
        if isinstance(result, CodeRefusal):
            status, detail = _REFUSALS[result]
            raise ProblemError(status, detail, type=ProblemType.CODE)
        log.info(
            "The device %s (%s) has enrolled as %s",
            asked.device.serial,
            asked.device.sw,
            result.kid,
        )
        return json_answer(EnrolReply(kid=result.kid, name=result.name), status=201)

    return [web.post("/v1/enrol", post_enrol)]
