"""Likes in the SQLite store. Called inside a transaction."""

import sqlite3
from datetime import datetime, timedelta

from likelight_cloud.store.base import DAYS_KEPT
from likelight_cloud.store.zones import zone_called


def add_likes(db: sqlite3.Connection, kid: str, n: int, at: datetime) -> int | None:
    """Add `n` to the kitchen's total and to its day; return the total, or None without one."""
    row = db.execute(
        "UPDATE kitchen SET likes_total = likes_total + ?, revision = revision + 1 WHERE kid = ?"
        " RETURNING likes_total,"
        " COALESCE(status ->> '$.hours.zone', details ->> '$.timezone') AS zone",
        (n, kid),
    ).fetchone()
    if row is None:
        return None
    day = at.astimezone(zone_called(row["zone"])).date()
    db.execute(
        "INSERT INTO likes_day (kid, day, n) VALUES (?, ?, ?)"
        " ON CONFLICT (kid, day) DO UPDATE SET n = n + excluded.n",
        (kid, day.isoformat(), n),
    )
    db.execute(
        "DELETE FROM likes_day WHERE kid = ? AND day <= ?",
        (kid, (day - timedelta(days=DAYS_KEPT)).isoformat()),
    )
    total: int = row["likes_total"]
    return total
