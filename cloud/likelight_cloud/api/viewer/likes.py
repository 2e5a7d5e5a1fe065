"""`POST /v1/kitchens/{kid}/likes`: taps, acknowledged once they are durable."""

import asyncio
import math

from aiohttp import web

from likelight.contract import LikesRequest
from likelight.problem import ProblemType
from likelight.web.http.body import json_answer, read_body
from likelight.web.http.problems import ProblemError
from likelight_cloud.app import CLOUD


async def post_likes(request: web.Request) -> web.Response:
    """Count a batch of taps. A batch that was here before gets its first answer again."""
    cloud = request.app[CLOUD]
    kid = (await cloud.kitchen(request.match_info["kid"])).record.kid
    taps = await read_body(request, LikesRequest)
    viewer = cloud.viewers.of(request, cloud.now())
    answer = cloud.likes.answer(kid, taps.batch)
    if answer is None:
        at = asyncio.get_running_loop().time()
        accepted, wait_s = cloud.like_buckets.of(viewer, kid, at).take(taps.n, at)
        if accepted == 0:
            raise ProblemError(
                429,
                "The lamp is glowing already. One moment.",
                type=ProblemType.LIMIT,
                headers={"Retry-After": str(math.ceil(wait_s))},
            )
        answer = cloud.likes.add(kid, taps.batch, accepted, math.ceil(wait_s * 1000))
    # Shielded: the commit goes on, and others may wait for it, when this viewer hangs up.
    response = json_answer(await asyncio.shield(answer), status=202)
    cloud.viewers.keep(request, response, viewer)
    return response
