"""Sums for reports in the PostgreSQL store."""

from collections.abc import Mapping
from datetime import date, datetime

import asyncpg

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
from likelight_cloud.store.postgresql.access import Read, Write
from likelight_cloud.store.postgresql.kitchens import ZONE, zone
from likelight_cloud.store.rows import ms

_ZONE = f"SELECT {ZONE} FROM kitchen WHERE kid = $1"  # noqa: S608 - constants


class PostgresAggregates:
    """An `AggregateStore`; `read` and `write` run on the store's connections."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def flag_likes(self, kid: str, at: datetime, *, day: bool, hour: bool) -> None:
        async def work(connection: asyncpg.Connection) -> None:
            local = await _local(connection, kid, at)
            if day:
                await connection.execute(
                    "UPDATE likes_day SET many = true WHERE kid = $1 AND day = $2",
                    kid,
                    local.date(),
                )
            if hour:
                await connection.execute(
                    "UPDATE likes_hour SET many = true"
                    " WHERE kid = $1 AND period = $2 AND slot = $3",
                    kid,
                    period_of(local.date()),
                    slot_of(local),
                )

        await self._write(work)

    async def flag_note(self, kid: str, at: datetime, code: str) -> None:
        async def work(connection: asyncpg.Connection) -> None:
            await connection.execute(
                "UPDATE notes_week SET many = true WHERE kid = $1 AND week = $2 AND code = $3",
                kid,
                week_of((await _local(connection, kid, at)).date()),
                code,
            )

        await self._write(work)

    async def notes_sent(self, since: date, until: date) -> dict[str, int]:
        async def work(connection: asyncpg.Connection) -> dict[str, int]:
            rows = await connection.fetch(
                "SELECT code, sum(n)::bigint AS n FROM notes_week"
                " WHERE many AND week >= $1 AND week < $2 GROUP BY code",
                since,
                until,
            )
            return {row["code"]: row["n"] for row in rows}

        return await self._read(work)

    async def sums(self, kid: str, over: int) -> Sums:
        async def work(connection: asyncpg.Connection) -> Sums:
            async def rows(table: str, order: str) -> list[asyncpg.Record]:
                query = f"SELECT * FROM {table} WHERE kid = $1 ORDER BY {order}"  # noqa: S608 - constants
                found: list[asyncpg.Record] = await connection.fetch(query, kid)
                return found

            return Sums(
                tuple(
                    DaySum(r["kid"], r["day"], r["n"], r["many"])
                    for r in await rows("likes_day", "day")
                ),
                tuple(
                    NoteSum(r["kid"], r["week"], r["code"], r["n"], r["many"])
                    for r in await rows("notes_week", "week, code")
                ),
                tuple(
                    LampDay(r["kid"], r["day"], r["heard_ms"], r["dark_ms"])
                    for r in await rows("lamp_day", "day")
                ),
                *await _hours(connection, over, kid),
            )

        return await self._read(work)

    async def fleet_sums(self, over: int) -> Sums:
        async def work(connection: asyncpg.Connection) -> Sums:
            return Sums(
                tuple(
                    DaySum(FLEET, day, n, True)
                    for day, n in await connection.fetch(
                        "SELECT day, sum(n)::bigint FROM likes_day WHERE many"
                        " GROUP BY day ORDER BY day"
                    )
                ),
                tuple(
                    NoteSum(FLEET, week, code, n, True)
                    for week, code, n in await connection.fetch(
                        "SELECT week, code, sum(n)::bigint FROM notes_week WHERE many"
                        " GROUP BY week, code ORDER BY week, code"
                    )
                ),
                tuple(
                    LampDay(FLEET, day, heard_ms, dark_ms)
                    for day, heard_ms, dark_ms in await connection.fetch(
                        "SELECT day, sum(heard_ms)::bigint, sum(dark_ms)::bigint FROM lamp_day"
                        " GROUP BY day ORDER BY day"
                    )
                ),
                *await _hours(connection, over, None),
            )

        return await self._read(work)


async def _hours(
    connection: asyncpg.Connection, over: int, kid: str | None
) -> tuple[date | None, dict[int, int]]:
    """Return the first day of the newest four weeks with hours to show, and the likes of each."""
    of = () if kid is None else (kid,)
    period = await connection.fetchval(newest_hours(kid), over, *of)
    if period is None:
        return None, {}
    query = shown_hours(kid, weekday="extract(isodow FROM day)::integer - 1")
    added_before, first, last = limits_of(period)
    rows = await connection.fetch(query, period, added_before, first, last, *of)
    hours = {row["slot"]: row["n"] for row in rows}
    return (first if hours else None), hours


async def count_note(connection: asyncpg.Connection, kid: str, code: str, at: datetime) -> None:
    """Add a note to those of its week."""
    await connection.execute(
        "INSERT INTO notes_week (kid, week, code, n) VALUES ($1, $2, $3, 1)"
        " ON CONFLICT (kid, week, code) DO UPDATE SET n = notes_week.n + 1",
        kid,
        week_of((await _local(connection, kid, at)).date()),
        code,
    )


async def count_lamp(connection: asyncpg.Connection, kid: str, at: datetime) -> None:
    """Add the time since the report before to the lamp's day."""
    before = await connection.fetchrow(
        "SELECT received_at, unlit_since FROM kitchen WHERE kid = $1", kid
    )
    heard_ms, dark_ms = lamp_times(before["received_at"], before["unlit_since"], ms(at))
    if not heard_ms:
        return
    await connection.execute(
        "INSERT INTO lamp_day (kid, day, heard_ms, dark_ms) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (kid, day) DO UPDATE SET heard_ms = lamp_day.heard_ms + excluded.heard_ms,"
        " dark_ms = lamp_day.dark_ms + excluded.dark_ms",
        kid,
        (await _local(connection, kid, at)).date(),
        heard_ms,
        dark_ms,
    )


async def _local(connection: asyncpg.Connection, kid: str, at: datetime) -> datetime:
    """Return `at` in the kitchen's zone."""
    return at.astimezone(await zone(await connection.fetchval(_ZONE, kid)))


async def forget(
    connection: asyncpg.Connection, days: Mapping[str, date], at: datetime
) -> list[str]:
    """Delete the sums of the day that `days` has for each kitchen, and of those before it; return
    the tags of the commands."""
    done = [
        await connection.execute(
            f"DELETE FROM {table} USING unnest($1::text[], $2::date[]) AS old (kid, day)"  # noqa: S608 - constants
            f" WHERE {table}.kid = old.kid AND {table}.{column} <= old.day",
            list(days.keys()),
            list(days.values()),
        )
        for column, table in (("day", "likes_day"), ("day", "lamp_day"), ("week", "notes_week"))
    ]
    done.append(
        await connection.execute(
            "DELETE FROM likes_hour WHERE period <= $1", period_of(at.date()) - PERIODS_KEPT
        )
    )
    return done
