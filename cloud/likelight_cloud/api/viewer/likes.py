"""`POST /v1/kitchens/{kid}/likes`: taps, acknowledged once they are durable."""

import asyncio
import math
from functools import partial

from aiohttp import web

from likelight.contract import LikesReply, LikesRequest
from likelight.web.http.body import json_answer, read_body
from likelight.web.http.declared import Part, declares
from likelight_cloud.api.viewer.who import VIEWER, over_limit, own_key, viewer_of
from likelight_cloud.app import CLOUD, IN_KITCHEN
from likelight_cloud.kitchens.like_commits import Answer, confirmed
from likelight_cloud.kitchens.sources import Sources


@declares(
    Part.VIEWER,
    "Like what the crew does: 1 to 20 taps in one batch",
    {202: LikesReply},
    {**IN_KITCHEN, 429: "`limit`: none of the taps counts just now."},
    request=LikesRequest,
    headers=(VIEWER,),
)
async def post_likes(request: web.Request) -> web.Response:
    """Count a batch of taps. A viewer's batch that was here before gets its first answer again."""
    reply, viewer = await count_taps(request, await read_body(request, LikesRequest))
    response = json_answer(reply, status=202)
    request.app[CLOUD].viewers.keep(request, response, viewer)
    return response


async def count_taps(request: web.Request, taps: LikesRequest) -> tuple[LikesReply, str]:
    """Return the answer to `taps`, which are durable then, and the viewer's token.

    Raises a 404 for an unknown kitchen and a 429 when nothing is accepted.
    """
    cloud = request.app[CLOUD]
    kitchen = await cloud.kitchen(request.match_info["kid"])
    kid = kitchen.record.kid
    ceiling = cloud.ceilings(kid).likes
    viewer = viewer_of(request, kid, taps.batch.lower(), ceiling, taps.n)
    batch = own_key(viewer, taps.batch.lower())
    answer = cloud.likes.answer(kid, batch)
    if answer is None:
        at = asyncio.get_running_loop().time()
        bucket = cloud.like_buckets.of(viewer, kid, at)
        own, own_wait_s = bucket.take(taps.n, at)
        accepted, wait_s = ceiling.take(own, at)
        bucket.give_back(own - accepted)
        wait_s = max(wait_s, own_wait_s)
        if accepted == 0:
            raise over_limit("The lamp is glowing already. One moment.", wait_s)
        answer = cloud.likes.add(kid, batch, accepted, math.ceil(wait_s * 1000), viewer)
        if taps.source == "here":
            answer.add_done_callback(partial(_count_here, kitchen.sources))
    return await confirmed(answer), viewer


def _count_here(sources: Sources, answer: Answer) -> None:
    if not answer.cancelled() and answer.exception() is None:
        sources.add(answer.result().accepted)
