"""`likelight-cloud privacy-check` and `breach-report`: what is kept, and whether that is said."""

import argparse
import asyncio
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from likelight import __version__
from likelight.runtime.clock import utc_now
from likelight_cloud.cli.database import Commands, action, opened
from likelight_cloud.cli.errors import DifferenceError
from likelight_cloud.page.privacy_record import Kept, PrivacyRecord, read_record
from likelight_cloud.store.choice import Database
from likelight_cloud.store.holdings import Table
from likelight_cloud.trust.privacy_check import compare


def add_trust(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud privacy-check` and `breach-report`."""
    action(
        commands,
        "privacy-check",
        database,
        _check,
        "say where the database holds anything else than /privacy.json says, or longer",
        "Exits with 1 where it does.",
    )
    report = action(
        commands,
        "breach-report",
        database,
        _report,
        "print what was kept, where and since when, for whoever has to tell of a breach",
        "It changes no row, and has counts and times, none of the data.",
    )
    report.add_argument(
        "--backups",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="a folder with copies of the database; may be repeated",
    )


async def _check(options: argparse.Namespace) -> None:
    record = await asyncio.to_thread(read_record)
    async with opened(options) as store:
        tables = await store.holdings.tables()
    differences = list(compare(record, tables, _kind(options.database), utc_now()))
    for difference in differences:
        print(difference)
    if differences:
        raise DifferenceError(f"{options.database} and /privacy.json differ")
    print(f"{options.database} holds what /privacy.json says, and nothing else or longer.")


async def _report(options: argparse.Namespace) -> None:
    database, at = options.database, utc_now()
    record = await asyncio.to_thread(read_record)
    async with opened(options) as store:
        tables = await store.holdings.tables()
        kitchens = len(await store.kitchens())
    files = await asyncio.to_thread(lambda: list(_files(database, options.backups)))
    print(
        f"# What likelight keeps, at {at.isoformat(timespec='seconds')}\n\n"
        f"Database {database}, likelight {__version__}, kitchens: {kitchens}. Record of what is "
        f"kept: version {record.version}.\n\n## Where\n"
    )
    print("\n".join(files))
    print("\n## In the database\n")
    print("\n".join(_in_database(record, tables, _kind(database))))
    print("\n## In the memory of a cloud that served, and nowhere else\n")
    for kept in record.in_memory:
        print(f"- {kept.what} (about {kept.about}; {'; '.join(_how_long(kept))})")
    print(f"\n## What to do\n\n{_NEXT}")


_NEXT = """\
- Tokens and codes are in the database as hashes alone. Its own key (meta.value) and the secrets of
  signed sources are there as they are: whoever has read the database, or a copy, can make viewers'
  cookies, devices' cursors, sessions of the operators in it, messages that its webhooks take for
  yours, and events of its sources. A new database has a new key.
- Then, for each: `likelight-cloud operator remove NAME` and `operator add` (it ends the sessions,
  made ones too); `source rotate NAME`, and `source rotate NAME --done` once the sender has the new
  secret; `webhook remove ID` and `webhook add URL`.
- Where a device's token may be known: `likelight-cloud token revoke KID`.
- Whether the audit log was changed: give what `journalctl -u likelight-cloud -o cat` prints to
  `likelight-cloud audit verify --journal -`.
- Whoever is responsible for the data tells the authority within 72 hours of knowing, where people
  may come to harm (GDPR, article 33); a processor tells its controller without delay. Keep this
  report, with the times at which you learned of the breach and told of it."""


def _kind(database: Database) -> str:
    return "sqlite" if isinstance(database.place, Path) else "postgresql"


def _files(database: Database, folders: list[Path]) -> Iterator[str]:
    """Yield a line for each file that has, or had, the database."""
    place = database.place
    if isinstance(place, Path):
        place = place.resolve()
        beside = (place.parent.glob(f"{place.name}*"), place.parent.glob(f".{place.name}-*"))
        for file in sorted(file for found in beside for file in found):
            yield _file(file)
    else:
        yield (
            f"- {database}: on the disks of these servers, in their write-ahead logs and archives, "
            "and on every standby. What was deleted stays in the tables' files until VACUUM, and "
            "in logs and archives as long as those are kept."
        )
    for folder in folders:
        try:
            copies = sorted(folder.iterdir())
        except OSError as error:
            yield f"- {folder}: can't be read: {error.strerror}"
            continue
        yield from map(_file, copies)
        if not copies:
            yield f"- {folder}: no copies there"
    if not folders:
        yield "- copies elsewhere: not looked for. Name their folders with --backups"


def _file(file: Path) -> str:
    try:
        known = file.lstat()
    except OSError as error:
        return f"- {file}: {error.strerror}"
    at = datetime.fromtimestamp(known.st_mtime, UTC).isoformat(timespec="seconds")
    return (
        f"- {file}: {known.st_size:,} bytes, {stat.filemode(known.st_mode)}, of the account "
        f"{known.st_uid}, last written {at}"
    )


def _in_database(record: PrivacyRecord, tables: tuple[Table, ...], kind: str) -> Iterator[str]:
    by_name = {table.name: table for table in tables}
    for entry in record.stored:
        if entry.only_on not in (None, kind):
            continue
        yield f"- {entry.what} (about {entry.about})"
        yield f"  why: {entry.why}"
        yield from (f"  {line}" for line in _how_long(entry))
        for name in entry.tables:
            fields = [field for field in entry.fields if field.startswith(f"{name}.")]
            table = by_name.get(name)
            yield f"  {', '.join(fields)}: {_rows(table) if table else 'no such table'}"
    named = {name for entry in record.stored for name in entry.tables}
    for table in tables:
        if table.name not in named:
            yield f"- {table.name}, of which /privacy.json says nothing: {_rows(table)}"


def _how_long(kept: Kept) -> Iterator[str]:
    # What `until` calls "this time" is the line before it.
    if kept.kept_s is not None:
        yield f"kept for: {str(timedelta(seconds=kept.kept_s)).removesuffix(', 0:00:00')}"
    yield f"until: {kept.until}"


def _rows(table: Table) -> str:
    if table.oldest is None or table.newest is None:
        return f"rows: {table.rows}"
    oldest, newest = (at.isoformat(timespec="seconds") for at in (table.oldest, table.newest))
    return f"rows: {table.rows}, the oldest of {oldest}, the newest of {newest}"
