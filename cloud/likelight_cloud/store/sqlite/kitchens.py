"""The kitchens' rows in the SQLite store. Called inside a transaction."""

import sqlite3
from contextlib import suppress
from datetime import datetime

from likelight_cloud.store.base import TABLES_OF_A_KITCHEN, NoKitchenError
from likelight_cloud.store.records import KitchenRecord
from likelight_cloud.store.rows import kitchen_of, ms

MOST_TAKEN_BACK = 1_000_000
"""Revisions without a durable commit: a year of statuses is half as many."""

ZONE = "COALESCE(status ->> '$.hours.zone', details ->> '$.timezone')"
"""The name of a kitchen's time zone, in SQL: what its device says, else what the list says."""

LIKES_BY_DAY = """(SELECT json_group_object(day, n) FROM likes_day WHERE kid = kitchen.kid AND day >
        (SELECT date(max(day), '-8 days') FROM likes_day WHERE kid = kitchen.kid))"""
"""A kitchen's likes of its newest day with any and of the 7 before, in SQL: JSON, by day."""

_ALL = f"""
SELECT *, status ->> '$.camera.opens_at' AS opens_at,
       status ->> '$.hours' AS hours,
       {ZONE} AS zone,
       status ->> '$.catalogue' AS catalogue,
       status ->> '$.notes_wait' AS notes_wait, NULL AS process,
       {LIKES_BY_DAY} AS by_day,
       (SELECT json_group_object(source_kitchen.name, likes) FROM source_kitchen
        WHERE kid = kitchen.kid AND likes > 0) AS by_source
FROM kitchen"""  # noqa: S608 - constants


def every(db: sqlite3.Connection) -> tuple[KitchenRecord, ...]:
    """Return all kitchens, by their ids."""
    return tuple(map(kitchen_of, db.execute(f"{_ALL} ORDER BY kid")))


def row(db: sqlite3.Connection, kid: str) -> sqlite3.Row:
    """Return the row of a kitchen; raise `NoKitchenError` where there is none."""
    found: sqlite3.Row | None = db.execute(f"{_ALL} WHERE kid = ?", (kid,)).fetchone()
    if found is None:
        raise NoKitchenError(kid)
    return found


def record(db: sqlite3.Connection, kid: str) -> KitchenRecord | None:
    """Return a kitchen, or None where there is none."""
    with suppress(NoKitchenError):
        return kitchen_of(row(db, kid))
    return None


def remove(db: sqlite3.Connection, kid: str) -> None:
    """Delete an existing kitchen with all that is kept of it."""
    for table in TABLES_OF_A_KITCHEN:
        db.execute(f"DELETE FROM {table} WHERE kid = ?", (kid,))  # noqa: S608 - constants


def put(db: sqlite3.Connection, kid: str, column: str, value: str) -> None:
    """Put `value` into a `column` of an existing kitchen."""
    db.execute(
        f"UPDATE kitchen SET {column} = ?, revision = revision + 1 WHERE kid = ?",  # noqa: S608 - constants
        (value, kid),
    )


def acknowledge(db: sqlite3.Connection, kid: str, seq: int, at: datetime) -> None:
    """Remember that the device holds every note up to `seq`."""
    acked = row(db, kid)["acked"]
    db.execute(
        "UPDATE note SET delivered_at = ?"
        " WHERE kid = ? AND seq > ? AND seq <= ? AND expires_at > ? AND delivered_at IS NULL",
        (ms(at), kid, acked, seq, ms(at)),
    )
    db.execute(
        "UPDATE kitchen SET acked = ?, revision = revision + 1 WHERE kid = ?",
        (max(acked, seq), kid),
    )


def leave_revisions_out(db: sqlite3.Connection) -> None:
    """Give none twice of those that a power cut took back: a cursor may hold one."""
    db.execute("UPDATE kitchen SET revision = revision + ?", (MOST_TAKEN_BACK,))
