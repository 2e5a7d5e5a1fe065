"""Enrolment codes in the SQLite store. Called inside a transaction."""

import sqlite3
from datetime import datetime

from likelight_cloud.store.audit import DEVICE, Act, Action
from likelight_cloud.store.enrolment import Code, CodeRefusal, Enrolled
from likelight_cloud.store.rows import ms, time_of
from likelight_cloud.store.sqlite import audit, tokens


def put_code(db: sqlite3.Connection, kid: str, code_hash: bytes, expires_at: datetime) -> None:
    """Make a code the only one of an existing kitchen."""
    db.execute(
        "INSERT INTO enrolment (kid, code_hash, expires_at) VALUES (?, ?, ?)"
        " ON CONFLICT (kid) DO UPDATE SET code_hash = excluded.code_hash,"
        " expires_at = excluded.expires_at, token_hash = NULL",
        (kid, code_hash, ms(expires_at)),
    )


def has_open_code(db: sqlite3.Connection, kid: str, at: datetime) -> bool:
    """Return whether a device may still come with the kitchen's code."""
    found = db.execute(
        "SELECT 1 FROM enrolment WHERE kid = ? AND token_hash IS NULL AND expires_at > ?",
        (kid, ms(at)),
    )
    return found.fetchone() is not None


def redeem(
    db: sqlite3.Connection, code_hash: bytes, token_hash: bytes, at: datetime
) -> Enrolled | CodeRefusal:
    """Make a token valid for the kitchen of a code, as the interface of the store has it."""
    row = db.execute(
        "SELECT kid, name, expires_at, token_hash FROM enrolment JOIN kitchen USING (kid)"
        " WHERE code_hash = ?",
        (code_hash,),
    ).fetchone()
    if row is None:
        return CodeRefusal.UNKNOWN
    code = Code(time_of(row["expires_at"]), row["token_hash"])
    refusal = code.refusal(token_hash, at)
    if refusal is not None:
        return refusal
    if code.token_hash is None:
        db.execute(
            "UPDATE enrolment SET token_hash = ? WHERE code_hash = ?", (token_hash, code_hash)
        )
        tokens.add(db, row["kid"], token_hash, at)
        audit.append(db, Act(Action.CODE_USED, row["kid"], DEVICE), at)
    return Enrolled(row["kid"], row["name"])
