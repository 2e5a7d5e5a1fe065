"""Pairings in the PostgreSQL store. Called inside a transaction."""

from datetime import datetime

import asyncpg

from likelight_cloud.store.audit import decision
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
from likelight_cloud.store.postgresql import audit, tokens
from likelight_cloud.store.rows import ms, pairing_of, time_of

_PAIRINGS = "SELECT pairing.*, kitchen.name FROM pairing LEFT JOIN kitchen USING (kid)"


async def begin(connection: asyncpg.Connection, new: NewPairing, at: datetime) -> bool:
    """Open a pairing, as the interface of the store has it."""
    await forget(connection, at)
    await connection.execute(
        "DELETE FROM pairing WHERE token_hash = $1 AND device_hash NOT IN (SELECT device_hash"
        " FROM pairing WHERE token_hash = $1 ORDER BY asked_at DESC LIMIT $2)",
        new.token_hash,
        KEPT_OF_A_DEVICE - 1,
    )
    everywhere, there = await connection.fetchrow(
        "SELECT count(*), count(*) FILTER (WHERE place = $1) FROM pairing"
        " WHERE kid IS NULL AND NOT refused",
        new.place,
    )
    if everywhere >= MOST_OPEN or there >= MOST_OPEN_OF_A_PLACE:
        return False
    begun = await connection.fetchval(
        "INSERT INTO pairing (device_hash, user_hash, token_hash, serial, sw, place, asked_at,"
        " expires_at, kid) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
        " (SELECT kid FROM token WHERE hash = $3 ORDER BY n DESC LIMIT 1))"
        " ON CONFLICT DO NOTHING RETURNING 1",
        new.device_hash,
        new.user_hash,
        new.token_hash,
        new.serial,
        new.sw,
        new.place,
        ms(at),
        ms(at + OPEN_FOR),
    )
    return begun is not None


async def find(connection: asyncpg.Connection, device_hash: bytes) -> Pairing | None:
    """Return the pairing of a device, also one that has ended."""
    row = await connection.fetchrow(f"{_PAIRINGS} WHERE device_hash = $1", device_hash)
    return None if row is None else pairing_of(row)


async def pending(connection: asyncpg.Connection, at: datetime) -> tuple[Pairing, ...]:
    """Return those that an operator may confirm, the oldest first."""
    rows = await connection.fetch(
        f"{_PAIRINGS} WHERE kid IS NULL AND NOT refused AND expires_at > $1 ORDER BY asked_at",
        ms(at),
    )
    return tuple(map(pairing_of, rows))


async def decide(
    connection: asyncpg.Connection,
    operator: bytes,
    user_hash: bytes,
    kid: str | None,
    at: datetime,
    who: str,
) -> Pairing | WrongCode:
    """Confirm or refuse a pairing, as the interface of the store has it."""
    await forget(connection, at)
    # It writes, so that of two commands of one operator the second waits for the first.
    row = await connection.fetchrow(
        "INSERT INTO wrong_codes (operator, n, last_at) VALUES ($1, 0, $2) ON CONFLICT (operator)"
        " DO UPDATE SET n = wrong_codes.n RETURNING n, last_at",
        operator,
        ms(at),
    )
    tries = Tries(row["n"], time_of(row["last_at"]))
    if (now := tries.at(at)).locked_until:
        return now
    found = await connection.fetchrow(
        "SELECT * FROM pairing WHERE user_hash = $1 FOR UPDATE", user_hash
    )
    if found is None:
        wrong = Tries(tries.wrong + 1, at)
        await connection.execute(
            "UPDATE wrong_codes SET n = $2, last_at = $3 WHERE operator = $1",
            operator,
            wrong.wrong,
            ms(at),
        )
        return wrong.at(at)
    if found["kid"] is None and not found["refused"]:
        if kid is not None:
            await tokens.add(connection, kid, found["token_hash"], at)
        await connection.execute(
            "UPDATE pairing SET kid = $1, refused = $2, expires_at = $3"
            " WHERE token_hash = $4 AND kid IS NULL AND NOT refused",
            kid,
            kid is None,
            ms(at + OPEN_FOR),
            found["token_hash"],
        )
        await audit.append(connection, decision(kid, who), at)
    return pairing_of(await connection.fetchrow(f"{_PAIRINGS} WHERE user_hash = $1", user_hash))


async def forget(connection: asyncpg.Connection, at: datetime) -> None:
    """Delete the pairings that have ended, and the wrong codes that lock nobody any more."""
    await connection.execute("DELETE FROM pairing WHERE expires_at <= $1", ms(at))
    await connection.execute("DELETE FROM wrong_codes WHERE last_at <= $1", ms(at - LOCKED_FOR))
