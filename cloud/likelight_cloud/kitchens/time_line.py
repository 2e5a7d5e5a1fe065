"""A kitchen's time line: one history of likes and notes, under one epoch.

A cloud that came back from a backup goes on where that was made, and gives old numbers to new likes
and notes: then a new time line has to begin.
"""

from likelight_cloud.kitchens.cursor import Position, end_of
from likelight_cloud.store.base import Store
from likelight_cloud.store.records import KitchenRecord


async def why_not_on_it(store: Store, record: KitchenRecord, position: Position) -> str | None:
    """Return why `position` does not lie on the kitchen's time line, or None when it does."""
    if position.epoch != record.epoch:
        return f"The kitchen {record.kid} has begun a new time line"
    # The revision grows with each status too, so it tells of a copy when likes and notes do not.
    if (
        position.seq > record.head
        or position.total > record.likes_total
        or position.revision > record.revision
    ):
        return "The cursor is ahead of this cloud, which came back from an older copy"
    known = end_of(await store.note_id(record.kid, position.seq))
    if known and position.note and known != position.note:
        return "The cursor knows other notes than this cloud, which came back from an older copy"
    return None


async def start_of(store: Store, record: KitchenRecord, total: int) -> Position:
    """Return where a device goes on: with the notes that it never acknowledged, past `total`."""
    seq = min(record.acked, record.head)
    note = end_of(await store.note_id(record.kid, seq))
    return Position(record.epoch, seq, total, record.revision, note)


def lit_before(record: KitchenRecord) -> int:
    """Return the total up to which the lamp is known to have lit on this time line."""
    return record.likes_total if record.report is None else record.report.lit_total
