"""`GET /fleet/kitchens/{kid}` and `GET /fleet/report`: what moves people, in sums and of nobody."""

import asyncio
from collections import Counter

from aiohttp import web

from likelight.assets.catalogue import BUNDLED, Notes
from likelight.contract.schedule import WEEKDAYS
from likelight.web.http.declared import Part, declares
from likelight_cloud.api.fleet.reply import packed, page
from likelight_cloud.api.fleet.who import OperatorCheck
from likelight_cloud.app import BUSY, CLOUD, no_kitchen
from likelight_cloud.fleet_page import templates
from likelight_cloud.reports import Report, report_of
from likelight_cloud.store.base import storable

DAYS_SHOWN = 28
"""Days before these are on the page as well, folded."""


def report_routes(check: OperatorCheck) -> list[web.RouteDef]:
    """Return the page of a kitchen's report, and that of the fleet's."""

    @declares(
        Part.FLEET,
        "A kitchen's report: likes by day and by hour of the week, notes, and its lamp, in sums of "
        "at least 20 viewers",
        {200: "text/html", 303: None},
        {404: "`kitchen`: there is no such kitchen.", **BUSY},
        operator=True,
    )
    async def get_kitchen(request: web.Request) -> web.Response:
        await check.by_page(request)
        cloud, kid = request.app[CLOUD], request.match_info["kid"]
        record = await cloud.store.kitchen(kid) if storable(kid) else None
        if record is None:
            raise no_kitchen(kid)
        aggregates = cloud.store.aggregates
        told = await report_of(aggregates, cloud.now(), kid=kid, zone=record.zone)
        notes = await cloud.notes_of(await cloud.look(kid))
        return await asyncio.to_thread(_page, request, told, record.name, notes)

    @declares(
        Part.FLEET,
        "The same of all kitchens together, without their notes",
        {200: "text/html", 303: None},
        BUSY,
        operator=True,
    )
    async def get_fleet(request: web.Request) -> web.Response:
        await check.by_page(request)
        cloud = request.app[CLOUD]
        told = await report_of(cloud.store.aggregates, cloud.now(), kid=None)
        return await asyncio.to_thread(_page, request, told)

    return [web.get("/fleet/kitchens/{kid}", get_kitchen), web.get("/fleet/report", get_fleet)]


def _page(
    request: web.Request, told: Report, name: str | None = None, offered: Notes = BUNDLED
) -> web.Response:
    """Return the report as a page. A note that is not `offered` is called by its code."""
    notes: Counter[str] = Counter()
    for week in told.notes:
        notes[week.code] += week.notes
    texts = {note.code: note.text for note in offered.load("en").notes}
    days, lamp = told.days[::-1], told.lamp[::-1]
    response = page(
        templates.REPORT,
        told=told,
        weekdays=WEEKDAYS,
        name=name,
        days=(days[:DAYS_SHOWN], days[DAYS_SHOWN:]),
        most=max((day.likes for day in days), default=0),
        hours={(one.weekday, one.hour): one.of_busiest for one in told.hours},
        notes=[(texts.get(code, code), n) for code, n in notes.most_common()],
        lamp=(lamp[:DAYS_SHOWN], lamp[DAYS_SHOWN:]),
    )
    return packed(request, response)
