"""The crew's consent as time goes by, on the virtual clock, over the real files."""

import asyncio
import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from likelight.contract.schedule import weekly
from likelight.gate.consent import (
    CONSENT_FILE,
    Consent,
    ConsentStatus,
    remove_consent,
    write_consent,
)
from likelight.gate.consent_watch import ConsentHealth
from likelight.gate.permissions import Permissions
from likelight.runtime import clock_sync
from likelight.runtime.clock_sync import SET_IN_BOOT, BootClock
from support.permissions import (
    BERLIN,
    START,
    HangingDisk,
    RecordingGate,
    SettableClock,
    with_permissions,
)

SIGNED = Consent(
    kitchen="demo", signed_by="Ana", notice="3", recorded_at=START, review=date(2026, 12, 20)
)


def test_a_simulated_camera_needs_no_consent() -> None:
    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        assert gate.consented
        assert gate.hours == (True, None)
        await asyncio.sleep(60)
        assert gate.consented
        assert permissions.consent.health is None

    with_permissions(body)


def test_a_consent_holds_from_the_record_to_the_withdrawal(tmp_path: Path) -> None:
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


def test_a_withdrawal_without_a_command_is_found(tmp_path: Path) -> None:
    async def body(_: Permissions, gate: RecordingGate, __: object) -> None:
        await asyncio.sleep(1)
        assert gate.consented
        await asyncio.to_thread(remove_consent, tmp_path)
        await asyncio.sleep(10.1)
        assert not gate.consented

    write_consent(tmp_path, SIGNED)
    with_permissions(body, state_dir=tmp_path)


@pytest.mark.parametrize("years", [1, 10, -1, -10])
def test_a_clock_that_steps_by_years_and_back_keeps_no_camera_on_and_none_off(
    tmp_path: Path, years: int
) -> None:
    """Ahead, the review date is past; behind, the clock is before the record: it can't be right."""

    async def body(permissions: Permissions, gate: RecordingGate, clock: SettableClock) -> None:
        await asyncio.sleep(1)
        assert gate.consented
        clock.set_ahead(timedelta(days=365 * years))
        await asyncio.sleep(10.1)
        assert not gate.consented
        assert permissions.consent.health is not None
        wrong = ConsentStatus.OVERDUE if years > 0 else ConsentStatus.NO_CLOCK
        assert permissions.consent.health.status is wrong
        clock.set_ahead(timedelta(days=-365 * years))
        await asyncio.sleep(10.1)
        assert gate.consented
        assert permissions.consent.health.status is ConsentStatus.VALID

    write_consent(tmp_path, SIGNED)
    with_permissions(body, state_dir=tmp_path)


@pytest.mark.parametrize("seconds", [-7, 7])
def test_a_clock_that_steps_by_seconds_changes_no_consent(tmp_path: Path, seconds: int) -> None:
    async def body(_: Permissions, gate: RecordingGate, clock: SettableClock) -> None:
        await asyncio.sleep(1)
        clock.set_ahead(timedelta(seconds=seconds))
        for _ in range(30):
            await asyncio.sleep(1)
            assert gate.consented

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


@pytest.fixture
def timesyncd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A boot in which timesyncd has set the clock; return its sign."""
    sign = tmp_path / "synchronized"
    sign.touch()
    monkeypatch.setattr(clock_sync, "SYNCHRONISED", sign)
    boot(tmp_path, monkeypatch, "42a84d69-af26-40d7-a747-79af9e40bf97")
    return sign


def boot(folder: Path, monkeypatch: pytest.MonkeyPatch, boot_id: str) -> None:
    (folder / "boot_id").write_text(f"{boot_id}\n")
    monkeypatch.setattr(clock_sync, "BOOT_ID", folder / "boot_id")


def test_a_clock_that_was_set_since_the_boot_stays_set(tmp_path: Path, timesyncd: Path) -> None:
    """A restart of systemd-timesyncd takes its sign away, and the line may be down for hours."""

    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        await asyncio.sleep(1)
        assert gate.consented
        timesyncd.unlink(missing_ok=True)
        await asyncio.sleep(3600)
        assert gate.consented
        assert permissions.consent.health is not None
        assert permissions.consent.health.status is ConsentStatus.VALID

    write_consent(tmp_path, SIGNED)
    for _ in ("the daemon", "the daemon after a restart"):
        with_permissions(body, state_dir=tmp_path, clock_is_set=BootClock(tmp_path).is_set)


@pytest.mark.parametrize("lost", ["another boot", "damaged", "gone"])
def test_a_clock_of_another_boot_is_not_set(
    tmp_path: Path, timesyncd: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """A Pi without a battery boots with the time of its last shutdown."""
    assert BootClock(tmp_path).is_set()
    timesyncd.unlink()
    if lost == "another boot":
        boot(tmp_path, monkeypatch, "7f0c2a11-0b7e-4a52-9d3b-0d4a4e0c9a55")
    elif lost == "damaged":
        (tmp_path / SET_IN_BOOT).write_bytes(b"\xff" * 37)
    else:
        (tmp_path / SET_IN_BOOT).unlink()

    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        await asyncio.sleep(600)
        assert not gate.consented
        assert permissions.consent.health is not None
        assert permissions.consent.health.status is ConsentStatus.NO_CLOCK
        timesyncd.touch()
        await asyncio.sleep(10.1)
        assert gate.consented

    write_consent(tmp_path, SIGNED)
    with_permissions(body, state_dir=tmp_path, clock_is_set=BootClock(tmp_path).is_set)


def test_a_runtime_directory_that_takes_nothing_costs_only_the_memory(
    tmp_path: Path, timesyncd: Path
) -> None:
    clock = BootClock(tmp_path / "nowhere")
    assert clock.is_set()
    timesyncd.unlink()
    assert clock.is_set()
    assert not BootClock(tmp_path / "nowhere").is_set()


def test_a_damaged_record_is_not_a_consent(tmp_path: Path) -> None:
    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        await asyncio.sleep(1)
        assert gate.consented
        await asyncio.to_thread((tmp_path / CONSENT_FILE).write_text, "{")
        await asyncio.sleep(10.1)
        assert not gate.consented
        assert permissions.consent.health == ConsentHealth(ConsentStatus.UNREADABLE)

    write_consent(tmp_path, SIGNED)
    with_permissions(body, state_dir=tmp_path)


@pytest.mark.parametrize("review", [date(2030, 1, 1), date.max])
def test_a_record_that_was_stretched_by_hand_is_not_a_consent(tmp_path: Path, review: date) -> None:
    stretched = SIGNED.model_dump_json().replace("2026-12-20", review.isoformat())
    (tmp_path / CONSENT_FILE).write_text(stretched)

    async def body(permissions: Permissions, gate: RecordingGate, _: object) -> None:
        await asyncio.sleep(1)
        assert permissions.consent.health == ConsentHealth(ConsentStatus.UNREADABLE)
        assert not gate.consented

    with_permissions(body, state_dir=tmp_path)


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
        assert gate.hours[0] is False, "the hours hold while the disk hangs"
        await disk.go_on()
        await asyncio.sleep(15.1)
        assert gate.consented

    write_consent(tmp_path, SIGNED)
    with_permissions(body, state_dir=tmp_path, hours=weekly({"friday": "11:00-14:00"}, BERLIN))


def test_the_record_is_read_once_at_a_time(tmp_path: Path) -> None:
    async def body(permissions: Permissions, _: RecordingGate, __: object) -> None:
        disk = HangingDisk()
        disk.hangs = True
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(permissions.consent.reload())
            await asyncio.sleep(1)
            assert len(disk.asked_at) == 1
            await disk.answer()
            await asyncio.sleep(1)
            assert len(disk.asked_at) == 2, "what a later read finds must not be reported earlier"
            await disk.go_on()

    write_consent(tmp_path, SIGNED)
    with_permissions(body, state_dir=tmp_path)
