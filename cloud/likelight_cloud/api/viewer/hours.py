"""`GET /k/{kid}/hours.ics`: the week's opening hours for a calendar (RFC 5545)."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, time, timedelta
from http import HTTPStatus

from aiohttp import web

from likelight.contract import WeekHours
from likelight.contract.schedule import WEEKDAYS, spans
from likelight.web.http.declared import Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.app import CLOUD, IN_KITCHEN
from likelight_cloud.page.languages import WORDS, LanguageQuery, language_of
from likelight_cloud.store.zones import zone_called

ZONE_FOR = timedelta(days=3 * 366)
"""How far ahead a calendar is told when clocks change, where it does not know the zone itself."""


@declares(
    Part.VIEWER,
    "The week's opening hours for a calendar (RFC 5545)",
    {200: "text/calendar"},
    {**IN_KITCHEN, 404: "There is no such kitchen (`kitchen`), or no opening is known."},
    query=LanguageQuery,
)
async def get_hours(request: web.Request) -> web.Response:
    """Return one weekly event for each opening; a 404 where there are no limits to tell of."""
    cloud = request.app[CLOUD]
    kitchen = await cloud.kitchen(request.match_info["kid"])
    record = kitchen.record
    hours = record.hours
    if hours is None or not any(_openings(hours)):
        raise ProblemError(
            HTTPStatus.NOT_FOUND, f"The kitchen {record.kid} has told of no opening hours."
        )
    title = WORDS[language_of(request)]["named"].replace("{name}", record.name)
    page = f"{request.url.origin()}/k/{record.kid}"
    # It reads the zone's file, and icalendar itself the first time.
    body = await asyncio.to_thread(calendar, hours, title, page, cloud.now())
    return web.Response(
        body=body,
        content_type="text/calendar",
        charset="utf-8",
        headers={
            "Cache-Control": "public, max-age=300",
            "Content-Disposition": f'inline; filename="{record.kid}.ics"',
            "Vary": "Accept-Encoding, Accept-Language",
        },
    )


def calendar(hours: WeekHours, title: str, page: str, at: datetime) -> bytes:
    """Return the calendar at `at`; `page` is the address of the kitchen's page. Blocks."""
    # Most clouds are never asked for it, and it takes 0.3 s to load.
    from icalendar import Calendar, Event, vText  # noqa: PLC0415

    zone = zone_called(hours.zone)
    today = at.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    calendar = Calendar()
    calendar.add("prodid", "-//likelight//opening hours//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", vText(title))  # of unknown names it escapes nothing
    for weekday, opens, closes in _openings(hours):
        midnight = datetime.combine(monday + timedelta(days=weekday), time())
        event = Event()
        event.add("uid", str(uuid.uuid5(uuid.NAMESPACE_URL, f"{page}#{weekday}-{opens}")))
        event.add("dtstamp", at)
        event.add("dtstart", (midnight + timedelta(minutes=opens)).replace(tzinfo=zone))
        event.add("dtend", (midnight + timedelta(minutes=closes)).replace(tzinfo=zone))
        event.add("rrule", {"freq": "weekly", "byday": WEEKDAYS[weekday][:2].upper()})
        event.add("summary", title)
        event.add("url", page)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    calendar.add_missing_timezones(first_date=monday, last_date=monday + ZONE_FOR)
    return bytes(calendar.to_ical())


def _openings(hours: WeekHours) -> Iterator[tuple[int, int, int]]:
    """Yield weekday (Monday is 0), opening and end of each opening, in minutes after midnight."""
    for n, weekday in enumerate(WEEKDAYS):
        with suppress(ValueError):  # overlapping ones, which only a device of others tells
            for opens, closes in spans(hours.week.get(weekday, "closed")):
                yield n, opens, closes
