"""Sums for reports in the SQLite store."""

import sqlite3
from collections.abc import Mapping
from datetime import date, datetime

from likelight_cloud.store.aggregates import (
    FLEET,
    PERIODS_KEPT,
    DaySum,
    LampDay,
    NoteSum,
    Sums,
    lamp_times,
    limits_of,
    newest_hours,
    period_of,
    shown_hours,
    slot_of,
    week_of,
)
from likelight_cloud.store.rows import ms
from likelight_cloud.store.sqlite.access import Read, Write
from likelight_cloud.store.sqlite.kitchens import ZONE
from likelight_cloud.store.zones import zone_called

_ZONE = f"SELECT {ZONE} AS zone FROM kitchen WHERE kid = ?"  # noqa: S608 - constants


class SqliteAggregates:
    """An `AggregateStore`; `read` and `write` run on the thread of the file."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def flag_likes(self, kid: str, at: datetime, *, day: bool, hour: bool) -> None:
        def work(db: sqlite3.Connection) -> None:
            local = _local(db, kid, at)
            if day:
                db.execute(
                    "UPDATE likes_day SET many = 1 WHERE kid = ? AND day = ?",
                    (kid, local.date().isoformat()),
                )
            if hour:
                db.execute(
                    "UPDATE likes_hour SET many = 1 WHERE kid = ? AND period = ? AND slot = ?",
                    (kid, period_of(local.date()), slot_of(local)),
                )

        await self._write(work)

    async def flag_note(self, kid: str, at: datetime, code: str) -> None:
        def work(db: sqlite3.Connection) -> None:
            week = week_of(_local(db, kid, at).date()).isoformat()
            db.execute(
                "UPDATE notes_week SET many = 1 WHERE kid = ? AND week = ? AND code = ?",
                (kid, week, code),
            )

        await self._write(work)

    async def notes_sent(self, since: date, until: date) -> dict[str, int]:
        def work(db: sqlite3.Connection) -> dict[str, int]:
            rows = db.execute(
                "SELECT code, sum(n) AS n FROM notes_week"
                " WHERE many = 1 AND week >= ? AND week < ? GROUP BY code",
                (since.isoformat(), until.isoformat()),
            )
            return {row["code"]: row["n"] for row in rows}

        return await self._read(work)

    async def sums(self, kid: str, over: int) -> Sums:
        def work(db: sqlite3.Connection) -> Sums:
            def rows(table: str, order: str) -> sqlite3.Cursor:
                # Names of tables and columns, all of them constants.
                query = f"SELECT * FROM {table} WHERE kid = ? ORDER BY {order}"  # noqa: S608
                return db.execute(query, (kid,))

            return Sums(
                tuple(
                    DaySum(r["kid"], date.fromisoformat(r["day"]), r["n"], bool(r["many"]))
                    for r in rows("likes_day", "day")
                ),
                tuple(
                    NoteSum(
                        r["kid"], date.fromisoformat(r["week"]), r["code"], r["n"], bool(r["many"])
                    )
                    for r in rows("notes_week", "week, code")
                ),
                tuple(
                    LampDay(r["kid"], date.fromisoformat(r["day"]), r["heard_ms"], r["dark_ms"])
                    for r in rows("lamp_day", "day")
                ),
                *_hours(db, over, kid),
            )

        return await self._read(work)

    async def fleet_sums(self, over: int) -> Sums:
        def work(db: sqlite3.Connection) -> Sums:
            return Sums(
                tuple(
                    DaySum(FLEET, date.fromisoformat(day), n, True)
                    for day, n in db.execute(
                        "SELECT day, sum(n) FROM likes_day WHERE many GROUP BY day ORDER BY day"
                    )
                ),
                tuple(
                    NoteSum(FLEET, date.fromisoformat(week), code, n, True)
                    for week, code, n in db.execute(
                        "SELECT week, code, sum(n) FROM notes_week WHERE many"
                        " GROUP BY week, code ORDER BY week, code"
                    )
                ),
                tuple(
                    LampDay(FLEET, date.fromisoformat(day), heard_ms, dark_ms)
                    for day, heard_ms, dark_ms in db.execute(
                        "SELECT day, sum(heard_ms), sum(dark_ms) FROM lamp_day"
                        " GROUP BY day ORDER BY day"
                    )
                ),
                *_hours(db, over, None),
            )

        return await self._read(work)


def _hours(
    db: sqlite3.Connection, over: int, kid: str | None
) -> tuple[date | None, dict[int, int]]:
    """Return the first day of the newest four weeks with hours to show, and the likes of each."""
    of = () if kid is None else (kid,)
    (period,) = db.execute(newest_hours(kid).replace("$", "?"), (over, *of)).fetchone()
    if period is None:
        return None, {}
    added_before, first, last = limits_of(period)
    query = shown_hours(kid, weekday="(strftime('%w', day) + 6) % 7").replace("$", "?")
    rows = db.execute(query, (period, added_before, first.isoformat(), last.isoformat(), *of))
    hours = {row["slot"]: row["n"] for row in rows}
    return (first if hours else None), hours


def count_note(db: sqlite3.Connection, kid: str, code: str, at: datetime) -> None:
    """Add a note to those of its week."""
    db.execute(
        "INSERT INTO notes_week (kid, week, code, n) VALUES (?, ?, ?, 1)"
        " ON CONFLICT (kid, week, code) DO UPDATE SET n = n + 1",
        (kid, week_of(_local(db, kid, at).date()).isoformat(), code),
    )


def count_lamp(db: sqlite3.Connection, kid: str, at: datetime) -> None:
    """Add the time since the report before to the lamp's day."""
    before = db.execute(
        "SELECT received_at, unlit_since FROM kitchen WHERE kid = ?", (kid,)
    ).fetchone()
    heard_ms, dark_ms = lamp_times(before["received_at"], before["unlit_since"], ms(at))
    if not heard_ms:
        return
    db.execute(
        "INSERT INTO lamp_day (kid, day, heard_ms, dark_ms) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (kid, day) DO UPDATE SET heard_ms = heard_ms + excluded.heard_ms,"
        " dark_ms = dark_ms + excluded.dark_ms",
        (kid, _local(db, kid, at).date().isoformat(), heard_ms, dark_ms),
    )


def _local(db: sqlite3.Connection, kid: str, at: datetime) -> datetime:
    """Return `at` in the kitchen's zone."""
    row = db.execute(_ZONE, (kid,)).fetchone()
    return at.astimezone(zone_called(row["zone"] if row else None))


def forget(db: sqlite3.Connection, days: Mapping[str, date], at: datetime) -> None:
    """Delete the sums of the day that `days` has for each kitchen, and of those before it."""
    for column, table in (("day", "likes_day"), ("day", "lamp_day"), ("week", "notes_week")):
        db.executemany(
            f"DELETE FROM {table} WHERE kid = ? AND {column} <= ?",  # noqa: S608 - constants
            ((kid, day.isoformat()) for kid, day in days.items()),
        )
    db.execute("DELETE FROM likes_hour WHERE period <= ?", (period_of(at.date()) - PERIODS_KEPT,))
