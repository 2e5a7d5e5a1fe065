"""New time lines in the SQLite store. Called inside a transaction."""

import sqlite3

from likelight_cloud.store.base import new_epoch


def begin_time_line(db: sqlite3.Connection, kid: str, epoch: str) -> bool:
    """Draw a new epoch where the kitchen's is still `epoch`; return whether it was. Its last thanks
    were of that one."""
    begun = db.execute(
        "UPDATE kitchen SET epoch = ?, thanks_id = NULL, thanks_at = NULL, unlit_since = NULL,"
        " revision = revision + 1"
        " WHERE kid = ? AND epoch = ?",
        (new_epoch(), kid, epoch),
    )
    return begun.rowcount == 1


def begin_time_lines(db: sqlite3.Connection) -> int:
    """Draw a new epoch for each kitchen; return how many there are."""
    kitchens = db.execute("SELECT kid, epoch FROM kitchen").fetchall()
    for kitchen in kitchens:
        begin_time_line(db, kitchen["kid"], kitchen["epoch"])
    return len(kitchens)
