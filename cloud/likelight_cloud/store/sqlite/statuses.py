"""What a device's status changes in the SQLite store. Called inside a transaction."""

import sqlite3
from datetime import datetime

from likelight.contract import Status
from likelight_cloud.store.base import BOOTS_KEPT
from likelight_cloud.store.rows import ms
from likelight_cloud.store.signals import OUTAGE_MS
from likelight_cloud.store.sqlite.aggregates import count_lamp


def keep_status(db: sqlite3.Connection, kid: str, status: Status, at: datetime) -> None:
    """Keep a status of an existing kitchen that came at `at`, as the interface of the store has
    it."""
    shown = _keep_receipts(db, kid, status)
    db.execute(
        "UPDATE kitchen SET notes_shown = notes_shown + ?, revision = revision + 1 WHERE kid = ?",
        (shown, kid),
    )
    if _is_newest(db, kid, status):
        count_lamp(db, kid, at)
        _keep_snapshot(db, kid, status, ms(at))


def _keep_receipts(db: sqlite3.Connection, kid: str, status: Status) -> int:
    """Keep the first receipt of each kind for each note; return how many became shown."""
    shown = 0
    for receipt in status.notes:
        for column, moment in (("shown_at", receipt.shown_at), ("thanked_at", receipt.thanked_at)):
            if moment is None:
                continue
            # A device whose clock is slow cannot have shown what was not yet written. Its receipt
            # may come before the poll that acknowledges the note, which it has by then.
            changed = db.execute(
                f"UPDATE note SET {column} = MAX(created_at, :at),"  # noqa: S608 - two constants
                " delivered_at = coalesce(delivered_at, MAX(created_at, :at))"
                f" WHERE id = :id AND kid = :kid AND {column} IS NULL",
                {"at": ms(moment), "id": receipt.id, "kid": kid},
            )
            shown += changed.rowcount if column == "shown_at" else 0
    return shown


def _is_newest(db: sqlite3.Connection, kid: str, status: Status) -> bool:
    """Return whether this status is the newest of its boot, and remember its number.

    Which boot counts the polls decide: a later one here may have been a stolen token's.
    """
    known = db.execute(
        "SELECT n FROM boot WHERE kid = ? AND boot_id = ?", (kid, status.boot_id)
    ).fetchone()
    if known is None:
        db.execute(
            "INSERT INTO boot (kid, boot_id, n) VALUES (?, ?, ?)", (kid, status.boot_id, status.n)
        )
        db.execute(
            "DELETE FROM boot WHERE kid = :kid AND ordinal NOT IN"
            " (SELECT ordinal FROM boot WHERE kid = :kid ORDER BY ordinal DESC LIMIT :keep)",
            {"kid": kid, "keep": BOOTS_KEPT},
        )
        return True
    if status.n <= known["n"]:
        return False
    db.execute(
        "UPDATE boot SET n = ? WHERE kid = ? AND boot_id = ?", (status.n, kid, status.boot_id)
    )
    return True


def _keep_snapshot(db: sqlite3.Connection, kid: str, status: Status, received_ms: int) -> None:
    """Make this status the kitchen's present one."""
    db.execute(
        "UPDATE kitchen SET state = :state, state_since ="
        " CASE WHEN state = :state THEN state_since ELSE :received END, simulated = :simulated,"
        " lit_total = COALESCE(lit_total, 0), received_at = :received, status = :status,"
        # After an outage a lamp is about to light what waits; a relay is dark in quiet hours.
        " unlit_since ="
        " CASE WHEN received_at >= :received - :gap AND NOT :waits THEN unlit_since END"
        " WHERE kid = :kid",
        {
            "state": status.camera.state.value,
            "received": received_ms,
            "gap": OUTAGE_MS,
            "waits": status.notes_wait,
            "simulated": status.simulated,
            "status": status.model_dump_json(),
            "kid": kid,
        },
    )
    # The likes of another epoch are others, even under the same number.
    db.execute(
        "UPDATE kitchen SET lit_total = MIN(:lit, likes_total), last_lit_at = :lit_at,"
        " unlit_since = CASE WHEN :lit >= likes_total THEN NULL"
        " WHEN :lit > lit_total THEN :received ELSE COALESCE(unlit_since, :received) END"
        " WHERE kid = :kid AND epoch = :epoch",
        {
            "lit": status.light.lit_total,
            "lit_at": ms(status.light.last_lit_at),
            "received": received_ms,
            "kid": kid,
            "epoch": status.light.epoch,
        },
    )
    if status.thanks is not None:
        # Each status repeats the last thanks: only a new id brings a new time.
        db.execute(
            "UPDATE kitchen SET thanks_id = :id, thanks_at = :at"
            " WHERE kid = :kid AND thanks_id IS NOT :id",
            {"id": status.thanks.id, "at": ms(status.thanks.at), "kid": kid},
        )


def touch(db: sqlite3.Connection, kid: str) -> None:
    """Count one more commit: with it all that was written before is on the disk."""
    db.execute("UPDATE kitchen SET revision = revision + 1 WHERE kid = ?", (kid,))


def forget_snapshot(db: sqlite3.Connection, kid: str) -> None:
    """Forget what was said of the kitchen: it is offline until a device reports again."""
    db.execute(
        "UPDATE kitchen SET state = NULL, state_since = NULL, simulated = NULL, lit_total = 0,"
        " last_lit_at = NULL, received_at = NULL, status = NULL, unlit_since = NULL,"
        " pictures_missing_since = NULL, revision = revision + 1"
        " WHERE kid = ?",
        (kid,),
    )
