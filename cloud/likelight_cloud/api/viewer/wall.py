"""`GET /v1/wall/live`: how several kitchens are, as one stream of server-sent events.

One, because a browser has six HTTP/1.1 connections to a server for all of its pages. Any process of
several that share a database can answer: the pictures come from each kitchen's own.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import web

from likelight.runtime.store_errors import StoreError
from likelight.web.http.declared import Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.viewer.live import (
    ALIVE,
    KEEP_ALIVE_S,
    LEAST_S,
    RETRY_MS,
    event_stream,
    write,
)
from likelight_cloud.app import BUSY, CLOUD, Cloud
from likelight_cloud.kitchens.kitchen import Kitchen, first_change
from likelight_cloud.wall_page.files import WALL
from likelight_cloud.wall_page.named import MOST, KitchensQuery, named_kitchens, unknown_kitchen
from likelight_cloud.wall_page.shown import Wall, wall_kitchen

MOST_HEARTS = 3
"""Likes of one kitchen in one event: a wall shows that they come, and ranks no kitchen by them."""

LOOK_AGAIN_S = 20.0
"""So often the database is asked for kitchens that are not there: one may be added again."""


@declares(
    Part.VIEWER,
    "Which kitchens of a wall are open, and likes as they come, as server-sent events",
    {200: "text/event-stream"},
    {
        400: f"`k` does not name 1 to {MOST} kitchens, each once.",
        404: "`kitchen`: none of them exists.",
        **BUSY,
    },
    query=KitchensQuery,
)
async def get_wall_live(request: web.Request) -> web.StreamResponse:
    """Send how the kitchens are at once and whenever that has changed, and their new likes.

    A kitchen that was removed is one that is not open: a screen that nobody touches goes on with
    the others.
    """
    followed = _Followed(request.app[CLOUD], named_kitchens(request))
    await followed.find()
    if not followed.kitchens:
        raise unknown_kitchen(followed.kids[0])
    return await event_stream(request, lambda response: _follow(request, followed, response))


class _Followed:
    """The kitchens of one wall; `kitchens` are those of them that exist."""

    def __init__(self, cloud: Cloud, kids: tuple[str, ...]) -> None:
        self.kids = kids
        self.kitchens: dict[str, Kitchen] = {}
        self._cloud = cloud
        self._totals: dict[str, int] = {}

    @property
    def any_gone(self) -> bool:
        """Whether one of them was removed, or is served by another process now."""
        return any(kitchen.gone for kitchen in self.kitchens.values())

    async def find(self) -> None:
        """Take in which kitchens exist now. Raises `StoreError` when nobody can know."""
        found = {}
        for kid in self.kids:
            with suppress(ProblemError):  # there is none
                found[kid] = await self._cloud.kitchen(kid)
        self.kitchens = found

    def look(self) -> tuple[Wall, Mapping[str, int]]:
        """Return how they are, and of how many likes more than at the last look those know that are
        open."""
        shown, grown = [], {}
        for kid in self.kids:
            kitchen = self.kitchens.get(kid)
            told = wall_kitchen(kid, kitchen.summary() if kitchen else None)
            shown.append(told)
            if kitchen is None:
                continue
            total = kitchen.record.likes_total
            new = total - self._totals.get(kid, total)
            self._totals[kid] = total
            if new > 0 and told.open:
                grown[kid] = min(new, MOST_HEARTS)
        return Wall(kitchens=tuple(shown), script=WALL.script), grown

    async def change(self, until: float) -> None:
        """Return when one of them may have changed, or when the loop's time is `until`."""
        kitchens = self.kitchens.values()
        due = min((kitchen.next_timed_change() for kitchen in kitchens), default=until)
        await first_change(kitchens, min(until, due))


async def _follow(request: web.Request, followed: _Followed, response: web.StreamResponse) -> None:
    """Write until the page has gone or the cloud ends."""
    cloud, loop = request.app[CLOUD], asyncio.get_running_loop()
    sent, silent_until = None, 0.0
    look_again_at = loop.time() + LOOK_AGAIN_S
    piece = f"retry: {cloud.rng.randint(*RETRY_MS)}\n"
    while cloud.serves(request):
        if followed.any_gone or loop.time() >= look_again_at:
            look_again_at = loop.time() + LOOK_AGAIN_S
            with suppress(StoreError):  # it is asked again
                await followed.find()
        looked_at = loop.time()
        wall, grown = followed.look()
        if wall != sent:
            piece += f"event: wall\ndata: {wall.model_dump_json()}\n\n"
        if grown:
            piece += f"event: hearts\ndata: {json.dumps(grown)}\n\n"
        if wall == sent and not grown:
            if loop.time() < silent_until:
                await followed.change(min(silent_until, look_again_at))
                if loop.time() - looked_at < LEAST_S:  # much changes that no wall shows
                    await asyncio.sleep(LEAST_S)
                continue
            piece = ALIVE
        if not await write(response, piece):
            return
        piece, sent, silent_until = "", wall, loop.time() + KEEP_ALIVE_S
        await asyncio.sleep(LEAST_S)
