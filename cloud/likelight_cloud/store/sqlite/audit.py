"""The audit log in the SQLite store. Called inside a transaction."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from likelight_cloud.store.audit import Act, AuditRow, audit_row_of, next_rows


def append(db: sqlite3.Connection, act: Act, at: datetime) -> None:
    """Write the row of `act`, which is kept exactly if all else in its transaction is."""
    append_all(db, (act,), at)


def append_all(db: sqlite3.Connection, acts: Iterable[Act], at: datetime) -> None:
    """Write the rows of `acts`, as `append`."""
    newest = db.execute("SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1").fetchone()
    db.executemany(
        "INSERT INTO audit (n, at, who, action, about, detail, previous, hash)"
        " VALUES (:n, :at, :who, :action, :about, :detail, :previous, :hash)",
        map(dict, next_rows(newest, acts, at)),
    )


def rows_from(db: sqlite3.Connection, n: int, limit: int) -> tuple[AuditRow, ...]:
    """Return up to `limit` rows from the row `n` on, in order."""
    rows = db.execute("SELECT * FROM audit WHERE n >= ? ORDER BY n LIMIT ?", (n, limit))
    return tuple(map(audit_row_of, rows))


def logged(db: sqlite3.Connection) -> int:
    """Return up to which row each has had its line in the log."""
    row = db.execute("SELECT value FROM meta WHERE name = 'audit_logged'").fetchone()
    return 0 if row is None else int(row["value"])


def put_logged(db: sqlite3.Connection, n: int) -> None:
    """Remember up to which row each has had its line in the log."""
    db.execute(
        "INSERT INTO meta (name, value) VALUES ('audit_logged', ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (str(n).encode(),),
    )
