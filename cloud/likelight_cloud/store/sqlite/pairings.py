"""Pairings in the SQLite store. Called inside a transaction."""

import sqlite3
from datetime import datetime

from likelight_cloud.store.audit import decision
from likelight_cloud.store.base import NoKitchenError
from likelight_cloud.store.pairing import (
    KEPT_OF_A_DEVICE,
    LOCKED_FOR,
    MOST_OPEN,
    MOST_OPEN_OF_A_PLACE,
    OPEN_FOR,
    NewPairing,
    Pairing,
    Tries,
    WrongCode,
)
from likelight_cloud.store.rows import ms, pairing_of, time_of
from likelight_cloud.store.sqlite import audit, tokens

_PAIRINGS = "SELECT pairing.*, kitchen.name FROM pairing LEFT JOIN kitchen USING (kid)"


def begin(db: sqlite3.Connection, new: NewPairing, at: datetime) -> bool:
    """Open a pairing, as the interface of the store has it."""
    forget(db, at)
    db.execute(
        "DELETE FROM pairing WHERE token_hash = :token AND device_hash NOT IN (SELECT device_hash"
        " FROM pairing WHERE token_hash = :token ORDER BY asked_at DESC LIMIT :others)",
        {"token": new.token_hash, "others": KEPT_OF_A_DEVICE - 1},
    )
    everywhere, there = db.execute(
        "SELECT count(*), count(*) FILTER (WHERE place = ?) FROM pairing"
        " WHERE kid IS NULL AND NOT refused",
        (new.place,),
    ).fetchone()
    if everywhere >= MOST_OPEN or there >= MOST_OPEN_OF_A_PLACE:
        return False
    begun = db.execute(
        "INSERT INTO pairing (device_hash, user_hash, token_hash, serial, sw, place, asked_at,"
        " expires_at, kid) VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
        " (SELECT kid FROM token WHERE hash = ? ORDER BY n DESC LIMIT 1)) ON CONFLICT DO NOTHING",
        (
            new.device_hash,
            new.user_hash,
            new.token_hash,
            new.serial,
            new.sw,
            new.place,
            ms(at),
            ms(at + OPEN_FOR),
            new.token_hash,
        ),
    )
    return begun.rowcount == 1


def find(db: sqlite3.Connection, device_hash: bytes) -> Pairing | None:
    """Return the pairing of a device, also one that has ended."""
    row = db.execute(f"{_PAIRINGS} WHERE device_hash = ?", (device_hash,)).fetchone()
    return None if row is None else pairing_of(row)


def pending(db: sqlite3.Connection, at: datetime) -> tuple[Pairing, ...]:
    """Return those that an operator may confirm, the oldest first."""
    rows = db.execute(
        f"{_PAIRINGS} WHERE kid IS NULL AND NOT refused AND expires_at > ? ORDER BY asked_at",
        (ms(at),),
    )
    return tuple(map(pairing_of, rows))


def decide(
    db: sqlite3.Connection,
    operator: bytes,
    user_hash: bytes,
    kid: str | None,
    at: datetime,
    who: str,
) -> Pairing | WrongCode:
    """Confirm or refuse a pairing, as the interface of the store has it."""
    forget(db, at)
    row = db.execute("SELECT * FROM wrong_codes WHERE operator = ?", (operator,)).fetchone()
    tries = Tries(row["n"], time_of(row["last_at"])) if row else Tries(0, at)
    if (now := tries.at(at)).locked_until:
        return now
    found = db.execute("SELECT * FROM pairing WHERE user_hash = ?", (user_hash,)).fetchone()
    if found is None:
        wrong = Tries(tries.wrong + 1, at)
        db.execute(
            "INSERT INTO wrong_codes (operator, n, last_at) VALUES (?, ?, ?) ON CONFLICT (operator)"
            " DO UPDATE SET n = excluded.n, last_at = excluded.last_at",
            (operator, wrong.wrong, ms(at)),
        )
        return wrong.at(at)
    if found["kid"] is None and not found["refused"]:
        if kid is not None:
            if db.execute("SELECT 1 FROM kitchen WHERE kid = ?", (kid,)).fetchone() is None:
                raise NoKitchenError(kid)
            tokens.add(db, kid, found["token_hash"], at)
        db.execute(
            "UPDATE pairing SET kid = ?, refused = ?, expires_at = ?"
            " WHERE token_hash = ? AND kid IS NULL AND NOT refused",
            (kid, kid is None, ms(at + OPEN_FOR), found["token_hash"]),
        )
        audit.append(db, decision(kid, who), at)
    decided = db.execute(f"{_PAIRINGS} WHERE user_hash = ?", (user_hash,))
    return pairing_of(decided.fetchone())


def forget(db: sqlite3.Connection, at: datetime) -> None:
    """Delete the pairings that have ended, and the wrong codes that lock nobody any more."""
    db.execute("DELETE FROM pairing WHERE expires_at <= ?", (ms(at),))
    db.execute("DELETE FROM wrong_codes WHERE last_at <= ?", (ms(at - LOCKED_FOR),))
