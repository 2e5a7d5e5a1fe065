"""The fleet in the SQLite store."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from likelight.contract import Desired, Health
from likelight_cloud.store.base import next_desired
from likelight_cloud.store.catalogues import newly_asked
from likelight_cloud.store.fleet import UNDONE_WITHIN, FleetChange, Step, acts_of
from likelight_cloud.store.rows import kitchen_of, ms
from likelight_cloud.store.sqlite import audit, catalogues, kitchens
from likelight_cloud.store.sqlite.access import Read, Write


class SqliteFleet:
    """`Fleet` in a SQLite file."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def healths(self) -> Mapping[str, Health]:
        def work(db: sqlite3.Connection) -> dict[str, Health]:
            rows = db.execute(
                "SELECT kid, status ->> '$.health' AS health FROM kitchen WHERE status IS NOT NULL"
            )
            return {row["kid"]: Health.model_validate_json(row["health"]) for row in rows}

        return await self._read(work)

    async def ask(self, change: FleetChange, at: datetime) -> None:
        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM fleet_change WHERE at <= ?", (ms(at - UNDONE_WITHIN),))
            db.execute(
                "INSERT INTO fleet_change (id, at, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (change.id, ms(change.at), change.model_dump_json()),
            )

        await self._write(work)

    async def change(self, id: str) -> FleetChange | None:
        return await self._read(lambda db: _change(db, id))

    async def advance(
        self, id: str, kids: Iterable[str], step: Step, *, who: str, at: datetime
    ) -> FleetChange | None:
        def work(db: sqlite3.Connection) -> FleetChange | None:
            change = _change(db, id)
            if change is None:
                return None
            rows = db.execute(
                "SELECT kid, desired FROM kitchen"
                " WHERE kid IN (SELECT key FROM json_each(?, '$.kitchens'))",
                (change.model_dump_json(),),
            )
            held = {row["kid"]: Desired.model_validate_json(row["desired"]) for row in rows}
            change, wanted = step(change, held, at)
            catalogues.ask(db, newly_asked(held, wanted), at)
            db.executemany(
                "UPDATE kitchen SET desired = ?, revision = revision + 1 WHERE kid = ?",
                [(desired.model_dump_json(), kid) for kid, desired in wanted.items()],
            )
            db.execute(
                "UPDATE fleet_change SET at = ?, body = ? WHERE id = ?",
                (ms(change.at), change.model_dump_json(), id),
            )
            audit.append_all(db, acts_of(held, wanted, who), at)
            return change

        return await self._write(work, *kids)


def change_desired(
    db: sqlite3.Connection,
    kid: str,
    change: Callable[[Desired], Desired],
    who: str,
    at: datetime,
) -> None:
    """Keep what `change` makes of the wishes of one kitchen, as the interface of the store has
    it."""
    held = {kid: kitchen_of(kitchens.row(db, kid)).desired}
    wanted = {kid: next_desired(held[kid], change)}
    catalogues.ask(db, newly_asked(held, wanted), at)
    kitchens.put(db, kid, "desired", wanted[kid].model_dump_json())
    audit.append_all(db, acts_of(held, wanted, who), at)


def _change(db: sqlite3.Connection, id: str) -> FleetChange | None:
    row = db.execute("SELECT body FROM fleet_change WHERE id = ?", (id,)).fetchone()
    return None if row is None else FleetChange.model_validate_json(row["body"])
