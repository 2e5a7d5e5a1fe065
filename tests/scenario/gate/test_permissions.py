"""Consent and opening hours as time goes by, on the virtual clock, over the real files."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from likelight.contract import Desired
from likelight.gate.consent import (
    CONSENT_FILE,
    Consent,
    ConsentStatus,
    remove_consent,
    write_consent,
)
from likelight.gate.consent_watch import ConsentHealth
from likelight.gate.permissions import Permissions
from likelight.gate.schedule import Hours, weekly
from support.virtual import run_virtual, virtual_now

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SIGNED = Consent(signed_by="Ana", notice="3", recorded_at=START, review=date(2026, 12, 20))
ALL_DAY = "00:00-24:00"


class RecordingGate:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.consented = False
        self.hours: tuple[bool, datetime | None] = (False, None)
        self.told = 0

    def on_consent(self, consented: bool) -> None:
        self.consented = consented

    def on_hours(self, is_open: bool, opens_at: datetime | None) -> None:
        self.told += self.hours != (is_open, opens_at)
        self.hours = is_open, opens_at


Body = Callable[[Permissions, RecordingGate, Callable[[], datetime]], Coroutine[None, None, None]]


def with_permissions(
    body: Body,
    *,
    state_dir: Path | None = None,
    hours: Hours | None = None,
    clock_is_set: Callable[[], bool] = lambda: True,
    start: datetime = START,
) -> None:
    async def scenario() -> None:
        now, gate = virtual_now(start), RecordingGate()
        permissions = Permissions(
            gate,
            hours=hours,
            state_dir=state_dir,
            zone=BERLIN,
            clock_is_set=clock_is_set,
            on_change=lambda: None,
            now=now,
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(permissions.run())
            await body(permissions, gate, now)
            running.cancel()

    run_virtual(scenario())


def test_a_simulated_camera_needs_no_consent() -> None:
    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        assert gate.consented
        assert gate.hours == (True, None)
        await asyncio.sleep(60)
        assert gate.consented
        assert permissions.consent.health is None

    with_permissions(body)


def test_a_consent_is_heeded_from_the_record_to_the_withdrawal(tmp_path: Path) -> None:
    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        assert not gate.consented, "nothing is known before the file was read"
        await asyncio.sleep(1)
        assert not gate.consented
        await asyncio.to_thread(write_consent, tmp_path, SIGNED)
        assert await permissions.consent.reload() == "The crew's consent holds."
        assert gate.consented
        await asyncio.to_thread(remove_consent, tmp_path)
        assert "not recorded" in await permissions.consent.reload()
        assert not gate.consented

    with_permissions(body, state_dir=tmp_path)


def test_a_withdrawal_that_nobody_told_us_of_is_found(tmp_path: Path) -> None:
    async def body(_: Permissions, gate: RecordingGate, __: object) -> None:
        await asyncio.sleep(1)
        assert gate.consented
        await asyncio.to_thread(remove_consent, tmp_path)
        await asyncio.sleep(10.1)
        assert not gate.consented

    write_consent(tmp_path, SIGNED)
    with_permissions(body, state_dir=tmp_path)


MIDNIGHT = datetime(2026, 12, 21, 0, 0, tzinfo=BERLIN).astimezone(UTC)


def test_the_review_date_is_announced_two_weeks_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        await asyncio.sleep(50)
        assert permissions.consent.review_due is None
        await asyncio.sleep(20)
        assert permissions.consent.review_due == date(2026, 12, 20)
        assert gate.consented

    write_consent(tmp_path, SIGNED)
    caplog.set_level(logging.INFO, "likelight.gate.consent_watch")
    with_permissions(body, state_dir=tmp_path, start=MIDNIGHT - timedelta(days=14, minutes=1))
    assert caplog.messages == [
        "The crew's consent holds",
        "The crew's consent is to be reviewed by 2026-12-20",
    ]
    assert "Ana" not in caplog.text


def test_the_picture_ends_with_the_review_date(tmp_path: Path) -> None:
    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        await asyncio.sleep(54.9)
        assert gate.consented
        await asyncio.sleep(0.2)
        assert not gate.consented
        assert permissions.consent.health == ConsentHealth(
            ConsentStatus.OVERDUE, date(2026, 12, 20), True
        )

    write_consent(tmp_path, SIGNED)
    with_permissions(body, state_dir=tmp_path, start=MIDNIGHT - timedelta(seconds=55))


def test_a_clock_that_nobody_set_keeps_a_real_camera_off(tmp_path: Path) -> None:
    is_set = False

    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        nonlocal is_set
        await asyncio.sleep(600)
        assert not gate.consented
        assert permissions.consent.health is not None
        assert permissions.consent.health.status is ConsentStatus.NO_CLOCK
        is_set = True
        await asyncio.sleep(10.1)
        assert gate.consented

    write_consent(tmp_path, SIGNED)
    with_permissions(body, state_dir=tmp_path, clock_is_set=lambda: is_set)


def test_a_damaged_record_is_no_consent(tmp_path: Path) -> None:
    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        await asyncio.sleep(1)
        assert gate.consented
        await asyncio.to_thread((tmp_path / CONSENT_FILE).write_text, "{")
        await asyncio.sleep(10.1)
        assert not gate.consented
        assert permissions.consent.health == ConsentHealth(ConsentStatus.UNREADABLE)

    write_consent(tmp_path, SIGNED)
    with_permissions(body, state_dir=tmp_path)


def test_hours_begin_and_end_on_the_second() -> None:
    hours = weekly({"friday": "11:00-13:05, 13:10-20:00"}, BERLIN)  # UTC+1

    async def body(_: Permissions, gate: RecordingGate, now: Callable[[], datetime]) -> None:
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


@pytest.mark.parametrize("review", [date(2030, 1, 1), date.max])
def test_a_record_that_was_stretched_by_hand_is_no_consent(tmp_path: Path, review: date) -> None:
    stretched = SIGNED.model_dump_json().replace("2026-12-20", review.isoformat())
    (tmp_path / CONSENT_FILE).write_text(stretched)

    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        await asyncio.sleep(1)
        assert permissions.consent.health == ConsentHealth(ConsentStatus.UNREADABLE)
        assert not gate.consented

    with_permissions(body, state_dir=tmp_path)


class HangingDisk:
    """Stands between a loop and its threads: while it `hangs`, no job of theirs comes back.

    The virtual clock, which stands still while a thread works, goes on.
    """

    def __init__(self) -> None:
        self.hangs = False
        self.asked_at: list[float] = []
        self._loop = asyncio.get_running_loop()
        self._run = self._loop.run_in_executor
        self._jobs: list[tuple[asyncio.Future[Any], Callable[[], Any]]] = []
        self._loop.run_in_executor = self._take  # type: ignore[method-assign,assignment]

    def _take(self, executor: None, job: Callable[[], Any]) -> asyncio.Future[Any]:
        if not self.hangs:
            return self._run(executor, job)
        self.asked_at.append(self._loop.time())
        self._jobs.append((self._loop.create_future(), job))
        return self._jobs[-1][0]

    async def go_on(self) -> None:
        """Do what waited."""
        self.hangs = False
        for future, job in self._jobs:
            future.set_result(await self._run(None, job))


def test_a_disk_that_hangs_keeps_nobody_on_air(tmp_path: Path) -> None:
    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        disk, loop = HangingDisk(), asyncio.get_running_loop()
        await asyncio.sleep(1)
        assert gate.consented
        disk.hangs = True
        while not disk.asked_at:
            await asyncio.sleep(0.01)
        await asyncio.sleep(disk.asked_at[0] + 4.9 - loop.time())
        assert gate.consented, "an SD card may be slow"
        await asyncio.sleep(0.2)
        assert not gate.consented
        assert permissions.consent.health == ConsentHealth(ConsentStatus.UNREADABLE)
        await asyncio.sleep(600)
        assert len(disk.asked_at) == 1, "one thread hangs, not one more at each look"
        assert gate.hours == (True, None)
        await asyncio.sleep(3600)
        assert gate.hours[0] is False, "the hours are heeded while the disk hangs"
        await disk.go_on()
        await asyncio.sleep(15.1)
        assert gate.consented

    write_consent(tmp_path, SIGNED)
    with_permissions(body, state_dir=tmp_path, hours=weekly({"friday": "11:00-14:00"}, BERLIN))


def test_a_new_opening_is_told_at_once_though_the_kitchen_stays_closed() -> None:
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
