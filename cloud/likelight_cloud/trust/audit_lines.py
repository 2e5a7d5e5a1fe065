"""A line in the log for each row of the audit log: the journal then has what the database's owner
can't change with it."""

import asyncio
import logging
import re
from typing import Final

from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.audit import AuditRow
from likelight_cloud.store.base import Store

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0
AGAIN_S: Final = 24 * 3600.0
"""The newest row has a line each day at least, since a journal forgets its oldest lines."""
_AT_ONCE: Final = 100

_LINE: Final = re.compile(r"\bAudit row ([1-9]\d{0,17}) \(sha256 ([0-9a-f]{64})\)")


def line(row: AuditRow) -> str:
    """Return what the log says of `row`."""
    told = f"Audit row {row.n} (sha256 {row.hash.hex()}): {row.who}: {row.action}"
    return " ".join(f"{told} {row.about} {row.detail}".split())


def row_told(text: str) -> tuple[int, bytes] | None:
    """Return number and hash of the row that a line of a log is about; None for any other line."""
    found = _LINE.search(text)
    return None if found is None else (int(found[1]), bytes.fromhex(found[2]))


class AuditLines:
    """Writes the lines of `store`, also of rows that commands and other processes have written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._first: int | None = None
        """From this row on lines are missing; used until `_newest` is known."""
        self._newest: AuditRow | None = None
        """The newest row that has its line."""
        self._told_at = 0.0
        self._failed = False

    async def run(self) -> None:
        """Write a line for each row that has none yet, until cancelled."""
        while True:
            try:
                await self._tell()
                self._failed = False
            except StoreError as error:
                if not self._failed:
                    log.warning("The audit log can't be read: %s", error)
                self._failed = True
            await asyncio.sleep(LOOK_S)

    async def _tell(self) -> None:
        if self._first is None:
            # The newest row that has its line is written again: so each start has a line.
            self._first = await self._store.audit_logged()
        known = self._newest
        rows = await self._store.audit_from(self._first if known is None else known.n, _AT_ONCE)
        first = self._first if known is None else known.n
        if first > 0 and not (rows and (rows[0].n == first if known is None else rows[0] == known)):
            log.warning(
                "Audit row %d is not in the database any more as it was, so each row there is told "
                "once more: compare them with `likelight-cloud audit verify`",
                first,
            )
            self._first, self._newest = 0, None
            return
        now = asyncio.get_running_loop().time()
        fresh = [row for row in rows if row != known or now - self._told_at >= AGAIN_S]
        for row in fresh:
            log.info("%s", line(row))
        if fresh:
            self._newest, self._told_at = fresh[-1], now
            await self._store.put_audit_logged(fresh[-1].n)
