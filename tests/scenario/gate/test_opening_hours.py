"""Opening hours as time goes by, on the virtual clock."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from likelight.contract import Desired, WeekHours
from likelight.contract.schedule import weekly
from likelight.gate.permissions import Permissions
from support.permissions import (
    BERLIN,
    RecordingGate,
    SettableClock,
    with_permissions,
)

ALL_DAY = "00:00-24:00"


def test_hours_begin_and_end_on_the_second() -> None:
    hours = weekly({"friday": "11:00-13:05, 13:10-20:00"}, BERLIN)  # UTC+1

    async def body(_: Permissions, gate: RecordingGate, now: SettableClock) -> None:
        assert gate.hours == (True, None)
        await asyncio.sleep(300 - 0.1)
        assert gate.hours == (True, None)
        await asyncio.sleep(0.2)
        opening = datetime(2026, 11, 20, 12, 10, tzinfo=UTC)
        assert gate.hours == (False, opening)
        await asyncio.sleep((opening - now()).total_seconds() - 0.1)
        assert gate.hours == (False, opening)
        await asyncio.sleep(0.2)
        assert gate.hours == (True, None)

    with_permissions(body, hours=hours)


def test_the_clouds_schedule_can_only_close() -> None:
    hours = weekly({"friday": "11:00-14:00", "saturday": "11:00-20:00"}, BERLIN)

    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        permissions.hours.limit_to({"saturday": "18:00-23:00", "friday": "16:00-23:00"})
        # It is Friday 13:00; both allow the kitchen on Saturday from 18:00 to 20:00 only.
        assert gate.hours == (False, datetime(2026, 11, 21, 17, 0, tzinfo=UTC))
        permissions.hours.limit_to({})
        assert gate.hours == (True, None)
        permissions.hours.limit_to({"friday": ALL_DAY, "saturday": ALL_DAY, "sunday": ALL_DAY})
        await asyncio.sleep(3601)
        assert gate.hours == (False, datetime(2026, 11, 21, 10, 0, tzinfo=UTC))

    with_permissions(body, hours=hours)


def test_viewers_are_told_the_hours_that_both_allow() -> None:
    hours = weekly({"friday": "11:00-14:00, 17:00-02:00", "saturday": ALL_DAY}, BERLIN)

    async def body(permissions: Permissions, _: RecordingGate, __: object) -> None:
        told = permissions.hours.told()
        assert told is not None
        assert told.zone == "Europe/Berlin"
        closed = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "sunday"), "closed")
        own = {**closed, "friday": "11:00-14:00, 17:00-02:00", "saturday": ALL_DAY}
        assert told.week == own
        permissions.hours.limit_to({"friday": "12:00-18:00", "saturday": "01:00-23:00"})
        told = permissions.hours.told()
        assert told is not None
        friday, saturday = "12:00-14:00, 17:00-18:00", "01:00-23:00"
        assert told.week == {**closed, "friday": friday, "saturday": saturday}
        permissions.hours.limit_to(None)
        told = permissions.hours.told()
        assert told is not None
        assert set(told.week.values()) == {"closed"}

    with_permissions(body, hours=hours)


def test_without_limits_viewers_are_told_the_zone_alone() -> None:
    async def body(permissions: Permissions, _: RecordingGate, __: object) -> None:
        assert permissions.hours.told() == WeekHours(zone="Europe/Berlin", week={})

    with_permissions(body)


@pytest.mark.parametrize(
    "schedule",
    [
        {"friday": ["11:00", "22:00"]},
        {"fri": "11:00-22:00"},
        {"friday": "always"},
        {"open": True},
        ["friday"],
        None,
    ],
)
def test_a_schedule_that_cannot_be_understood_closes(
    schedule: object, caplog: pytest.LogCaptureFixture
) -> None:
    desired = Desired.model_validate({"version": 1, "schedule": schedule})
    after_a_restart = Desired.model_validate_json(desired.model_dump_json())

    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        for wish in (desired, after_a_restart):
            assert gate.hours == (True, None)
            permissions.hours.limit_to(wish.schedule)
            assert gate.hours == (False, None)
            assert "The cloud's schedule can't be understood" in caplog.messages[-1]
            permissions.hours.limit_to({})

    with_permissions(body)


def test_a_new_opening_is_reported_at_once_though_the_kitchen_stays_closed() -> None:
    hours = weekly({"friday": "18:00-20:00"}, BERLIN)

    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        assert gate.hours == (False, datetime(2026, 11, 20, 17, 0, tzinfo=UTC))
        told = gate.told
        await asyncio.sleep(600)
        assert gate.told == told
        permissions.hours.limit_to({"friday": "19:00-23:00"})
        assert gate.hours == (False, datetime(2026, 11, 20, 18, 0, tzinfo=UTC))
        assert gate.told == told + 1

    with_permissions(body, hours=hours)


def test_an_end_that_is_near_comes_on_the_second() -> None:
    hours = weekly({"friday": "11:00-14:00"}, BERLIN)  # until 13:00 UTC

    async def body(_: Permissions, gate: RecordingGate, __: object) -> None:
        await asyncio.sleep(3.9)
        assert gate.hours == (True, None)
        await asyncio.sleep(0.2)
        assert gate.hours[0] is False

    with_permissions(body, hours=hours, start=datetime(2026, 11, 20, 12, 59, 56, tzinfo=UTC))


def test_a_clock_that_is_set_ahead_past_the_end_closes_within_10_s() -> None:
    hours = weekly({"friday": "11:00-20:00"}, BERLIN)

    async def body(_: Permissions, gate: RecordingGate, now: SettableClock) -> None:
        await asyncio.sleep(3601)
        assert gate.hours == (True, None)
        now.set_ahead(timedelta(hours=8))
        await asyncio.sleep(10.1)
        assert gate.hours[0] is False

    with_permissions(body, hours=hours)


@pytest.mark.parametrize(
    ("step", "is_open"),
    [
        (timedelta(seconds=-7), True),
        (timedelta(seconds=7), True),
        (timedelta(hours=-3), False),
        (timedelta(hours=8), False),
        (timedelta(days=1), False),
        (timedelta(weeks=-520), True),  # a Friday, ten years before
        (timedelta(weeks=520), True),
        (timedelta(weeks=520, days=1), False),
    ],
)
def test_a_clock_that_steps_is_kept_to_within_10_s_and_so_is_its_way_back(
    step: timedelta, is_open: bool
) -> None:
    hours = weekly({"friday": "11:00-20:00"}, BERLIN)

    async def body(_: Permissions, gate: RecordingGate, now: SettableClock) -> None:
        await asyncio.sleep(5)
        assert gate.hours == (True, None)
        now.set_ahead(step)
        await asyncio.sleep(10.1)
        assert gate.hours[0] is is_open
        if gate.hours[1] is not None:
            assert now() < gate.hours[1] < now() + timedelta(days=8)
        now.set_ahead(-step)
        await asyncio.sleep(10.1)
        assert gate.hours == (True, None)

    with_permissions(body, hours=hours)
