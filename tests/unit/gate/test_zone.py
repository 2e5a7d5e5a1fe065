"""What TZ means: as glibc understands it, or refused in words."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from likelight.gate.zone import ComputerZone, kitchen_zone, zone_name

AUCKLAND = Path("/usr/share/zoneinfo/Pacific/Auckland")
MOMENTS = [
    datetime(2026, month, day, hour, tzinfo=UTC)
    for month in (1, 3, 4, 7, 9, 10, 11, 12)
    for day in (1, 8, 28)
    for hour in (0, 9, 23)
]


def offsets(zone: ComputerZone) -> list[float]:
    """Return what `zone` adds to UTC at each of the moments, in s."""
    found = [moment.astimezone(zone).utcoffset() for moment in MOMENTS]
    return [offset.total_seconds() for offset in found if offset is not None]


def glibc_offsets(tz: str) -> list[float]:
    """Return what the C library adds when a process has `tz` as its TZ."""
    script = "import time,sys; print(*[time.localtime(float(s)).tm_gmtoff for s in sys.argv[1:]])"
    seconds = [str(moment.timestamp()) for moment in MOMENTS]
    done = subprocess.run(
        [sys.executable, "-c", script, *seconds],
        env={**os.environ, "TZ": tz},
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    return [float(word) for word in done.stdout.split()]


@pytest.mark.parametrize(
    "tz",
    [
        "",
        ":",
        "Europe/Berlin",
        ":Europe/Berlin",
        str(AUCKLAND),
        f":{AUCKLAND}",
        "JST-9",
        "EST5EDT",
        "XST5XDT",
        "<+0330>-3:30",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "NZST-12NZDT,M9.5.0,M4.1.0/3",
    ],
)
def test_tz_means_what_the_c_library_takes_it_for(tz: str, tmp_path: Path) -> None:
    zone = ComputerZone(tz, tmp_path / "none")
    assert zone.problem is None
    assert offsets(zone) == glibc_offsets(tz)


@pytest.mark.parametrize("tz", ["Europe/Berlni", "/no/such/file", ":JST-9", "nonsense", "../x"])
def test_a_tz_that_is_not_a_zone_is_refused_in_words_and_the_computer_s_counts(tz: str) -> None:
    zone = ComputerZone(tz, AUCKLAND)
    assert zone.problem is not None
    assert tz in zone.problem
    assert "Europe/Berlin" in zone.problem
    assert datetime(2026, 7, 1, tzinfo=UTC).astimezone(zone).hour == 12


def test_a_zone_is_told_by_iana_s_name_where_anything_says_it(tmp_path: Path) -> None:
    link, copy = tmp_path / "link", tmp_path / "copy"
    link.symlink_to(AUCKLAND)
    copy.write_bytes(AUCKLAND.read_bytes())
    assert zone_name(kitchen_zone("Europe/Berlin")) == "Europe/Berlin"
    assert zone_name(ComputerZone("Asia/Tokyo", copy)) == "Asia/Tokyo"
    assert zone_name(ComputerZone(None, link)) == "Pacific/Auckland"
    assert zone_name(ComputerZone(None, tmp_path / "none")) == "UTC"
    assert zone_name(ComputerZone(None, copy)) is None
    assert zone_name(ComputerZone("JST-9", link)) is None


def test_a_local_time_goes_to_utc_and_back_over_the_hour_that_autumn_repeats() -> None:
    zone = ComputerZone("Europe/Berlin")
    for hour in (0, 1):
        moment = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        local = moment.astimezone(zone)
        assert (local.hour, local.minute, local.fold) == (2, 30, hour)
        assert local.astimezone(UTC) == moment
