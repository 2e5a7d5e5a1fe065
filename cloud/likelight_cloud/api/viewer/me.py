"""`GET` and `DELETE /v1/me`: what is kept of a viewer, to see and to delete. Nothing is stored for
it."""

import asyncio
from collections.abc import Iterator

from aiohttp import web

from likelight.contract import Count, KitchenId, Time, Wire
from likelight.web.http.body import json_answer
from likelight.web.http.declared import Part, declares
from likelight_cloud.api.viewer.who import VIEWER
from likelight_cloud.app import BUSY, CLOUD, Cloud
from likelight_cloud.trust.limits import LIKES_BURST
from likelight_cloud.trust.viewer import LIFETIME


class OwnToken(Wire):
    """A viewer's token. Its time of issue is known to the hour."""

    issued_at: Time
    age_s: Count
    expires_at: Time


class OwnLimits(Wire):
    """What is remembered of a viewer in one kitchen: how much may come from it now."""

    kid: KitchenId
    likes_ready: Count
    """Likes that would be taken at once, 0..20."""
    notes_today: Count
    """Notes sent within 24 h, 0..10."""


class Me(Wire):
    """Reply of `GET /v1/me`: all that is kept of the viewer who asks."""

    token: OwnToken | None
    bound: tuple[OwnLimits, ...]


@declares(
    Part.VIEWER, "All that is kept of the viewer who asks", {200: Me}, BUSY, headers=(VIEWER,)
)
async def get_me(request: web.Request) -> web.Response:
    """Return the age of the viewer's token, and what is bound to it; a viewer may have none."""
    cloud = request.app[CLOUD]
    at = cloud.now()
    viewer = cloud.viewers.known(request, at)
    if viewer is None:
        return json_answer(Me(token=None, bound=()))
    issued_at = cloud.viewers.issued(viewer)
    token = OwnToken(
        issued_at=issued_at,
        age_s=int((at - issued_at).total_seconds()),
        expires_at=issued_at + LIFETIME,
    )
    return json_answer(Me(token=token, bound=tuple(_bound(cloud, viewer))))


@declares(
    Part.VIEWER,
    "Forget what is bound to the viewer's token, and end the cookie",
    {204: None},
    BUSY,
    headers=(VIEWER,),
)
async def delete_me(request: web.Request) -> web.Response:
    """Forget what is bound to the viewer's token, and end the cookie; 204 also without one."""
    cloud = request.app[CLOUD]
    viewer = cloud.viewers.known(request, cloud.now())
    if viewer is not None:
        cloud.newcomers.forget(viewer)
        cloud.many_viewers.forget(viewer)
        for kitchen in cloud.loaded_kitchens():
            cloud.like_buckets.forget(viewer, kitchen.record.kid)
            cloud.note_times.forget(viewer, kitchen.record.kid)
            kitchen.waiting.forget(viewer)
    response = web.Response(status=204, headers={"Cache-Control": "no-store"})
    cloud.viewers.drop(request, response)
    return response


def _bound(cloud: Cloud, viewer: str) -> Iterator[OwnLimits]:
    # A kitchen that was not asked for since the start keeps nothing of any viewer.
    at = asyncio.get_running_loop().time()
    for kitchen in cloud.loaded_kitchens():
        kid = kitchen.record.kid
        likes, notes = cloud.like_buckets.known(viewer, kid), cloud.note_times.known(viewer, kid)
        if likes or notes:
            yield OwnLimits(
                kid=kid,
                likes_ready=likes.ready(at) if likes else int(LIKES_BURST),
                notes_today=notes.of_a_day(at) if notes else 0,
            )
