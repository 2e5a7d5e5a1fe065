"""Why a kitchen needs somebody, by what its device says of itself; `words.py` has the words."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from likelight.contract import Health
from likelight.contract.figures import (
    FULL_MB,
    SLOWED,
    THROTTLES_C,
    UNDERVOLTAGE,
    WARN_BEFORE_REVIEW,
    WEAK_DBM,
)

CLOCK_OFF_MS: Final = 60_000


def of_health(health: Health, today: date) -> Iterator[str]:
    """Yield the ids of what is not well, the most urgent first."""
    findings = health.findings or ()
    flags = health.throttled or 0
    yield from (one.id for one in findings if one.level == "fail")
    if flags & UNDERVOLTAGE:
        yield "power"
    if flags & SLOWED or (health.temp_c is not None and health.temp_c >= THROTTLES_C):
        yield "heat"
    if health.disk_free_mb is not None and health.disk_free_mb < FULL_MB:
        yield "disk-space"
    if health.clock_skew_ms is not None and abs(health.clock_skew_ms) > CLOCK_OFF_MS:
        yield "clock-off"
    if health.rssi is not None and health.rssi < WEAK_DBM:
        yield "wifi-signal"
    if health.consent_review is not None and health.consent_review < today + WARN_BEFORE_REVIEW:
        yield "consent"
    yield from (one.id for one in findings if one.level == "warn")
