"""What a device's status changes in the PostgreSQL store. Called inside a transaction."""

from datetime import datetime

import asyncpg

from likelight.contract import Status
from likelight_cloud.store.base import BOOTS_KEPT
from likelight_cloud.store.postgresql.aggregates import count_lamp
from likelight_cloud.store.postgresql.kitchens import locked
from likelight_cloud.store.rows import ms
from likelight_cloud.store.signals import OUTAGE_MS


async def keep_status(
    connection: asyncpg.Connection, kid: str, status: Status, at: datetime
) -> None:
    """Keep a status that came at `at`, as the interface of the store has it. Raises
    `NoKitchenError`."""
    await locked(connection, kid)
    shown = await _keep_receipts(connection, kid, status)
    await connection.execute(
        "UPDATE kitchen SET notes_shown = notes_shown + $2, revision = revision + 1 WHERE kid = $1",
        kid,
        shown,
    )
    if await _is_newest(connection, kid, status):
        await count_lamp(connection, kid, at)
        await _keep_snapshot(connection, kid, status, ms(at))


async def _keep_receipts(connection: asyncpg.Connection, kid: str, status: Status) -> int:
    """Keep the first receipt of each kind for each note; return how many became shown."""
    shown = 0
    for receipt in status.notes:
        for column, moment in (("shown_at", receipt.shown_at), ("thanked_at", receipt.thanked_at)):
            if moment is None:
                continue
            # A device whose clock is slow cannot have shown what was not yet written. Its receipt
            # may come before the poll that acknowledges the note, which it has by then.
            changed = await connection.fetchval(
                f"UPDATE note SET {column} = greatest(created_at, $1),"  # noqa: S608 - constants
                " delivered_at = coalesce(delivered_at, greatest(created_at, $1))"
                f" WHERE id = $2 AND kid = $3 AND {column} IS NULL RETURNING 1",
                ms(moment),
                receipt.id,
                kid,
            )
            shown += 1 if changed and column == "shown_at" else 0
    return shown


async def _is_newest(connection: asyncpg.Connection, kid: str, status: Status) -> bool:
    """Return whether this status is the newest of its boot, and remember its number.

    Which boot counts the polls decide: a later one here may have been a stolen token's.
    """
    newer = await connection.fetchval(
        "INSERT INTO boot (kid, boot_id, n) VALUES ($1, $2, $3) ON CONFLICT (kid, boot_id)"
        " DO UPDATE SET n = excluded.n WHERE boot.n < excluded.n RETURNING 1",
        kid,
        status.boot_id,
        status.n,
    )
    await connection.execute(
        "DELETE FROM boot WHERE kid = $1 AND ordinal NOT IN"
        " (SELECT ordinal FROM boot WHERE kid = $1 ORDER BY ordinal DESC LIMIT $2)",
        kid,
        BOOTS_KEPT,
    )
    return newer is not None


async def _keep_snapshot(
    connection: asyncpg.Connection, kid: str, status: Status, received_ms: int
) -> None:
    """Make this status the kitchen's present one."""
    await connection.execute(
        "UPDATE kitchen SET state = $2,"
        " state_since = CASE WHEN state = $2 THEN state_since ELSE $4 END, simulated = $3,"
        " lit_total = coalesce(lit_total, 0), received_at = $4, status = $5,"
        # After an outage a lamp is about to light what waits; a relay is dark in quiet hours.
        " unlit_since = CASE WHEN received_at >= $4 - $6 AND NOT $7 THEN unlit_since END"
        " WHERE kid = $1",
        kid,
        status.camera.state.value,
        status.simulated,
        received_ms,
        status.model_dump_json(),
        OUTAGE_MS,
        status.notes_wait,
    )
    # The likes of another epoch are others, even under the same number.
    await connection.execute(
        "UPDATE kitchen SET lit_total = least($2, likes_total), last_lit_at = $3,"
        " unlit_since = CASE WHEN $2 >= likes_total THEN NULL"
        " WHEN $2 > lit_total THEN $5 ELSE coalesce(unlit_since, $5) END"
        " WHERE kid = $1 AND epoch = $4",
        kid,
        status.light.lit_total,
        ms(status.light.last_lit_at),
        status.light.epoch,
        received_ms,
    )
    if status.thanks is not None:
        # Each status repeats the last thanks: only a new id brings a new time.
        await connection.execute(
            "UPDATE kitchen SET thanks_id = $2, thanks_at = $3"
            " WHERE kid = $1 AND thanks_id IS DISTINCT FROM $2",
            kid,
            status.thanks.id,
            ms(status.thanks.at),
        )


async def forget_snapshot(connection: asyncpg.Connection, kid: str) -> None:
    """Forget what was said of the kitchen: it is offline until a device reports again."""
    await connection.execute(
        "UPDATE kitchen SET state = NULL, state_since = NULL, simulated = NULL, lit_total = 0,"
        " last_lit_at = NULL, received_at = NULL, status = NULL, unlit_since = NULL,"
        " pictures_missing_since = NULL, revision = revision + 1"
        " WHERE kid = $1",
        kid,
    )
