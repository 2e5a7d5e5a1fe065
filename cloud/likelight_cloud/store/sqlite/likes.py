"""Likes in the SQLite store. Called inside a transaction."""

import sqlite3
from datetime import datetime

from likelight_cloud.store.aggregates import period_of, slot_of
from likelight_cloud.store.sqlite.kitchens import ZONE
from likelight_cloud.store.zones import zone_called


def add_likes(db: sqlite3.Connection, kid: str, n: int, at: datetime) -> int | None:
    """Add `n` to the kitchen's total, to its day and to its hour of the week; return the total, or
    None where there is no such kitchen."""
    row = db.execute(
        "UPDATE kitchen SET likes_total = likes_total + ?,"  # noqa: S608 - constants
        f" revision = revision + 1 WHERE kid = ? RETURNING likes_total, {ZONE} AS zone",
        (n, kid),
    ).fetchone()
    if row is None:
        return None
    local = at.astimezone(zone_called(row["zone"]))
    db.execute(
        "INSERT INTO likes_day (kid, day, n) VALUES (?, ?, ?)"
        " ON CONFLICT (kid, day) DO UPDATE SET n = n + excluded.n",
        (kid, local.date().isoformat(), n),
    )
    db.execute(
        "INSERT INTO likes_hour (kid, period, slot, n) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (kid, period, slot) DO UPDATE SET n = n + excluded.n",
        (kid, period_of(local.date()), slot_of(local), n),
    )
    total: int = row["likes_total"]
    return total
