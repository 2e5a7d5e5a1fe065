"""What a database holds, table by table, and what of it has been kept long enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol

from likelight_cloud.store.aggregates import period_begins
from likelight_cloud.store.rows import time_of
from likelight_cloud.store.zones import zone_called

_DATES: Final = (
    *("created_at", "asked_at", "added_at", "began_at", "at", "last_at"),
    *("day", "week", "period"),
)
"""The columns that have the age of a row; a table has one of them, or none."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `oldest` and `newest` are None where it has no rows, or none with a time."""

    name: str
    columns: tuple[str, ...]
    rows: int
    oldest: datetime | None
    newest: datetime | None


class Holdings(Protocol):
    """What a database holds. Everything raises `StoreError` when it fails."""

    async def tables(self) -> tuple[Table, ...]:
        """Return all tables, by their names."""

    async def forget(self, at: datetime) -> int:
        """Delete what has been kept long enough at `at`; return how many rows that were.

        Notes of more than 30 days ago, the keys of those of more than 24 h ago, sums of days
        and weeks before the last 400 days, those of hours of the week after 12 weeks, pairings and
        wrong codes that have ended, messages that no webhook has taken, and events that sources
        have sent more than 2 days ago.
        """


def date_of(columns: tuple[str, ...]) -> str | None:
    """Return the column that has the age of a row; None for a table without one."""
    return next((name for name in _DATES if name in columns), None)


def moment_of(value: object, column: str | None) -> datetime | None:
    """Return the time that a `column` holds: milliseconds, a day, the number of four weeks, which
    is the first of their days, or a time of PostgreSQL's own."""
    match value:
        case int() if column == "period":
            return datetime.combine(period_begins(value), time(), UTC)
        case int():
            return time_of(value)
        case datetime():
            return value
        case date():
            return datetime.combine(value, time(), UTC)
        case str():
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        case _:
            return None


def last_days(zones: Mapping[str, str | None], at: datetime, kept: int) -> dict[str, date]:
    """Return, by kitchen, the newest day whose likes are kept no longer than `kept` days; `zones`
    has the names of their time zones."""
    days = {name: at.astimezone(zone_called(name)).date() for name in set(zones.values())}
    return {kid: days[name] - timedelta(days=kept) for kid, name in zones.items()}
