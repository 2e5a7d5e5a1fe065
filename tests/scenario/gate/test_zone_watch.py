"""The computer's zone is changed while the device runs, on the virtual clock, over real files."""

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from likelight.contract.schedule import weekly
from likelight.gate.opening_hours import OpeningHours
from likelight.gate.zone import ComputerZone
from likelight.gate.zone_watch import ZoneWatch
from support.virtual import run_virtual, virtual_now

ZONES = Path("/usr/share/zoneinfo")
NOON_IN_UTC = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def set_timezone(localtime: Path, name: str) -> None:
    """Do what timedatectl set-timezone does."""
    new = localtime.with_name("new")
    new.symlink_to(ZONES / name)
    new.replace(localtime)


@pytest.mark.parametrize("tz", [None, "path", ":path"])
def test_a_zone_that_is_changed_is_kept_to_within_20_seconds(
    tmp_path: Path, tz: str | None
) -> None:
    localtime = tmp_path / "localtime"
    set_timezone(localtime, "UTC")
    zone = ComputerZone(tz and tz.replace("path", str(localtime)), localtime)
    opened: list[bool] = []

    async def scenario() -> None:
        hours = OpeningHours(
            lambda is_open, _: opened.append(is_open),
            own=weekly({"friday": "11:00-14:00"}, zone),
            zone=zone,
            now=virtual_now(NOON_IN_UTC),
        )
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.run()) for each in (ZoneWatch(zone), hours)]
            await asyncio.sleep(60)
            assert opened[-1] is True
            set_timezone(localtime, "Pacific/Auckland")  # Saturday, 01:01
            await asyncio.sleep(20.1)
            assert opened[-1] is False
            localtime.unlink()
            await asyncio.sleep(60)
            assert opened[-1] is False, "the last zone that could be read holds"
            set_timezone(localtime, "UTC")
            await asyncio.sleep(20.1)
            assert opened[-1] is True
            for task in tasks:
                task.cancel()

    run_virtual(scenario())


def test_a_tz_that_does_not_count_is_said_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    zone = ComputerZone("Europe/Berlni", tmp_path / "none")

    async def scenario() -> None:
        watch = asyncio.create_task(ZoneWatch(zone).run())
        await asyncio.sleep(60)
        watch.cancel()
        await asyncio.wait([watch])

    run_virtual(scenario())
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "Europe/Berlni" in caplog.text
