"""Whether a database holds what `/privacy.json` says, and no longer."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from likelight_cloud.page.privacy_record import PrivacyRecord, Stored
from likelight_cloud.store.holdings import Table

LATE: Final = timedelta(hours=26)
"""A cloud that serves looks once an hour; a day of the calendar is one of the kitchen's own."""


def compare(
    record: PrivacyRecord, tables: Sequence[Table], kind: str, at: datetime
) -> Iterator[str]:
    """Yield where `tables`, of a database of this kind, are otherwise than the record says."""
    there = {f"{table.name}.{column}" for table in tables for column in table.columns}
    entries = [entry for entry in record.stored if entry.only_on in (None, kind)]
    named = {field for entry in entries for field in entry.fields}
    for field in sorted(there - named):
        yield f"{field} is in the database, and /privacy.json does not say why."
    for field in sorted(named - there):
        yield f"/privacy.json names {field}, and the database has no such field."
    by_name = {table.name: table for table in tables}
    for entry in entries:
        yield from _kept_too_long(entry, by_name, at)


def _kept_too_long(entry: Stored, tables: dict[str, Table], at: datetime) -> Iterator[str]:
    if entry.kept_s is None:
        return
    for name in entry.tables:
        table = tables.get(name)
        # Of a table that another entry names, too, this one is a column that is emptied.
        if table is None or table.oldest is None or len(entry.fields) < len(table.columns) - 1:
            continue
        if at - table.oldest > timedelta(seconds=entry.kept_s) + LATE:
            yield (
                f"{name} has a row of {table.oldest.isoformat(timespec='seconds')}, and "
                f"/privacy.json keeps it {timedelta(seconds=entry.kept_s)} only. A cloud that "
                "serves deletes it within the hour."
            )
