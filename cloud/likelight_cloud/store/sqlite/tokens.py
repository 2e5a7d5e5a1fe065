"""The tokens of a kitchen's device in the SQLite store. Called inside a transaction."""

import sqlite3
from datetime import datetime

from likelight.contract import Desired
from likelight_cloud.store.base import next_desired
from likelight_cloud.store.rotation import RotationStep, Taken, may_take
from likelight_cloud.store.rows import ms
from likelight_cloud.store.sqlite.statuses import forget_snapshot


def valid(db: sqlite3.Connection, kid: str) -> tuple[bytes, ...]:
    """Return the hashes of the valid tokens, the oldest first."""
    rows = db.execute("SELECT hash FROM token WHERE kid = ? ORDER BY n", (kid,))
    return tuple(bytes(row["hash"]) for row in rows)


def add(db: sqlite3.Connection, kid: str, token_hash: bytes, at: datetime) -> bool:
    """Make a token valid beside the oldest; return whether it was not valid already."""
    known = valid(db, kid)
    if token_hash in known:
        return False
    _leave(db, kid, known[:1])
    _insert(db, kid, token_hash)
    _note(db, kid, RotationStep.HALF_WAY if known else None, at)
    return True


def ask(db: sqlite3.Connection, kid: str, at: datetime) -> bool:
    """Ask for a new token, unless that is asked already; return whether it was not."""
    if _desired(db, kid).rotate:
        return False
    _note(db, kid, RotationStep.ASKED, at)
    return True


def take(db: sqlite3.Connection, kid: str, under: bytes, token_hash: bytes, at: datetime) -> Taken:
    """Make a device's own new token valid, as the interface of the store has it."""
    known = valid(db, kid)
    if token_hash in known:
        return Taken.BEFORE
    if not may_take(_desired(db, kid), known, under):
        return Taken.NOT
    _leave(db, kid, (under,))
    _insert(db, kid, token_hash)
    _note(db, kid, RotationStep.HALF_WAY, at)
    return Taken.NOW


def end_others(db: sqlite3.Connection, kid: str, token_hash: bytes, at: datetime) -> bool:
    """Leave one token alone valid; return whether another one was."""
    ends_any = any(known != token_hash for known in valid(db, kid))
    _leave(db, kid, (token_hash,))
    if not _desired(db, kid).rotate:
        _note(db, kid, RotationStep.DONE, at)
    return ends_any


def revoke(db: sqlite3.Connection, kid: str, token_hash: bytes) -> None:
    """Leave a new token alone valid, and forget what was said under the others."""
    _leave(db, kid, ())
    _insert(db, kid, token_hash)
    _note(db, kid, None, None)
    forget_snapshot(db, kid)


def _insert(db: sqlite3.Connection, kid: str, token_hash: bytes) -> None:
    db.execute("INSERT INTO token (hash, kid) VALUES (?, ?)", (token_hash, kid))


def _leave(db: sqlite3.Connection, kid: str, hashes: tuple[bytes, ...]) -> None:
    for known in valid(db, kid):
        if known not in hashes:
            db.execute("DELETE FROM token WHERE kid = ? AND hash = ?", (kid, known))


def _desired(db: sqlite3.Connection, kid: str) -> Desired:
    row = db.execute("SELECT desired FROM kitchen WHERE kid = ?", (kid,)).fetchone()
    return Desired.model_validate_json(row["desired"])


def _note(db: sqlite3.Connection, kid: str, step: RotationStep | None, at: datetime | None) -> None:
    """Note the last step; the device hears whether it is asked."""
    held, asked = _desired(db, kid), step is RotationStep.ASKED
    if held.rotate != asked:
        held = next_desired(held, lambda it: it.model_copy(update={"rotate": asked}))
    db.execute(
        "UPDATE kitchen SET desired = ?, rotation = ?, rotation_at = ?, revision = revision + 1"
        " WHERE kid = ?",
        (held.model_dump_json(), step, ms(at), kid),
    )
