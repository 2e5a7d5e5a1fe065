"""The opening hours that a device tells, what a calendar reads of them, and the likes of a day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar, Event

from likelight.fleet.stores.details import Details
from support.cloud import KID, NOON, Site, WallClock, serving

WEEK = {
    "monday": "closed",
    "friday": "11:00-14:30, 17:00-02:00",
    "saturday": "00:00-24:00",
    "sunday": "23:30-00:00",
}
BERLIN = {"zone": "Europe/Berlin", "week": WEEK}
HOURS = f"/k/{KID}/hours.ics"


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture
async def site(tmp_path: Path, clock: WallClock) -> AsyncIterator[Site]:
    async with serving(tmp_path / "cloud.db", now=clock) as site:
        yield site


async def test_hours_pass_through(site: Site) -> None:
    await site.status(hours=BERLIN)
    assert (await site.summary())["hours"] == BERLIN
    await site.status(n=2)
    assert (await site.summary())["hours"] is None


async def test_before_a_device_has_reported_the_hours_are_those_of_the_list(
    site: Site,
) -> None:
    berlin = Details(timezone="Europe/Berlin")
    await site.cloud.store.add_kitchen("listed", "Listed", NOON, berlin, {"friday": "11:00-23:00"})
    told = {"zone": "Europe/Berlin", "week": {"friday": "11:00-23:00"}}
    assert (await site.call("GET", "/v1/kitchens/listed")).body["hours"] == told
    read = Calendar.from_ical((await site.call("GET", "/k/listed/hours.ics")).body)
    assert isinstance(read, Calendar)
    assert [_opening(event)[0] for event in read.events] == ["2026-11-20T11:00:00+01:00"]


@pytest.mark.parametrize(
    "hours",
    [
        {"zone": "../etc/passwd", "week": {}},
        {"zone": "Europe/Berlin", "week": {"friday": "always"}},
        {"zone": "Europe/Berlin", "week": {"friday": "25:00-26:00"}},
        {"zone": "Europe/Berlin", "week": {"freitag": "11:00-12:00"}},
        {"week": {}},
        "11:00-12:00",
    ],
)
async def test_wrong_hours_cost_a_status_nothing_else(site: Site, hours: object) -> None:
    assert (await site.status(hours=hours)).status == 200
    told = await site.summary()
    assert (told["state"], told["hours"]) == ("live", None)


async def test_a_calendar_reads_the_hours(site: Site) -> None:
    await site.status(hours=BERLIN)
    reply = await site.call("GET", HOURS, headers={"Accept-Language": "de"})
    assert reply.headers["Content-Type"] == "text/calendar; charset=utf-8"
    read = Calendar.from_ical(reply.body)
    assert isinstance(read, Calendar)
    openings = [_opening(event) for event in read.events]
    assert openings == [
        ("2026-11-20T11:00:00+01:00", "2026-11-20T14:30:00+01:00", "FR"),
        ("2026-11-20T17:00:00+01:00", "2026-11-21T02:00:00+01:00", "FR"),
        ("2026-11-21T00:00:00+01:00", "2026-11-22T00:00:00+01:00", "SA"),
        ("2026-11-22T23:30:00+01:00", "2026-11-23T00:00:00+01:00", "SU"),
    ]
    assert {event["summary"] for event in read.events} == {"The demo kitchen, live"}
    # Readers split what has a comma of its own.
    assert b"X-WR-CALNAME:The demo kitchen\\, live\r\n" in reply.body
    assert {event["url"] for event in read.events} == {f"{site.base}/k/{KID}"}
    assert len({event["uid"] for event in read.events}) == 4
    # A calendar that does not know the zone is told when its clocks change.
    (zone,) = read.timezones
    assert zone.tz_name == "Europe/Berlin"
    summer = datetime(2028, 7, 1, 12, tzinfo=zone.to_tz())
    assert summer.utcoffset() == timedelta(hours=2)


def _opening(event: Event) -> tuple[str, str, str]:
    (day,) = event["rrule"]["byday"]
    assert event["rrule"]["freq"] == ["WEEKLY"]
    return event.start.isoformat(), event.end.isoformat(), day


@pytest.mark.parametrize(
    "hours",
    [
        None,
        {"zone": "UTC", "week": {}},
        {"zone": "UTC", "week": {"monday": "closed"}},
        {"zone": "UTC", "week": {"monday": "11:00-14:00, 13:00-15:00"}},
    ],
)
async def test_without_an_opening_there_is_no_calendar(site: Site, hours: Any) -> None:
    assert (await site.call("GET", HOURS)).status == 404
    await site.status(hours=hours)
    assert (await site.call("GET", HOURS)).status == 404
    assert (await site.call("GET", "/k/nowhere/hours.ics")).status == 404


async def test_the_likes_of_today_begin_anew_at_the_kitchen_s_midnight(
    site: Site, clock: WallClock
) -> None:
    await site.status(hours=BERLIN)
    await site.like(3)
    assert (await site.summary())["likes"] == {"total": 3, "today": 3}
    clock.at = datetime(2026, 11, 21, 22, 59, 59, 900_000, tzinfo=UTC)
    assert (await site.summary())["likes"]["today"] == 3
    kitchen = await site.cloud.kitchen(KID)
    time = asyncio.get_running_loop().time
    before, change, after = time(), kitchen.next_timed_change(), time()
    assert before <= change - 0.1 + 1e-6, "an open page hears of it without a like"
    assert change - 0.1 - 1e-6 <= after
    clock.step(seconds=0.1)
    assert (await site.summary())["likes"] == {"total": 3, "today": 0}


async def test_a_page_that_is_left_no_longer_watches(site: Site) -> None:
    watching = f"/v1/kitchens/{KID}/watching"
    for n in range(3):
        await site.call("POST", watching, json={"view": f"view-{n}-of-a-page"})
    assert (await site.summary())["viewers"]["band"] == "3-9"
    gone = {"view": "view-1-of-a-page", "end": True}
    assert (await site.call("POST", watching, json=gone)).status == 204
    assert (await site.summary())["viewers"]["band"] is None
    for n in (0, 1, 2):
        await site.call("POST", watching, json={"view": f"view-{n}-of-a-page", "end": True})
    assert (await site.poll()).body["viewers"]["watching"] is False
