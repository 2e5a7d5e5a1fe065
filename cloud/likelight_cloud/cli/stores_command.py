"""`likelight-cloud kitchen import|export`: many kitchens at once, as a list of stores."""

import argparse
import asyncio
import csv
import io
import sys
from functools import partial
from pathlib import Path

from likelight.contract import Desired, Weekday
from likelight.contract.enrolment import code_of, new_code
from likelight.runtime.atomic_file import replace_file
from likelight.runtime.clock import utc_now
from likelight_cloud.cli.database import Commands, opened
from likelight_cloud.cli.enrolment import CODE_VALID_FOR
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.cli.stores import DAYS, FORMULA, StoreRow, read_stores, without_zeros
from likelight_cloud.store.base import Store
from likelight_cloud.trust.device import hashed

_HEAD = ["store", "code"]


def add_stores(actions: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud kitchen import` and `kitchen export`."""
    read = actions.add_parser(
        "import",
        parents=[database],
        help="add the stores of a CSV file that are not there yet, after every row was checked, "
        "and write a code for the device of each",
    )
    read.add_argument("file", type=Path, metavar="STORES.csv", help="one row for each store")
    read.add_argument(
        "--codes",
        type=Path,
        required=True,
        metavar="FILE",
        help="where the codes go, readable by its owner only; those in it stay",
    )
    read.set_defaults(run=_import)
    write = actions.add_parser(
        "export", parents=[database], help="print all kitchens as such a list, without any secret"
    )
    write.set_defaults(run=_export)


async def _import(options: argparse.Namespace) -> None:
    rows = await asyncio.to_thread(read_stores, options.file)
    codes = await asyncio.to_thread(_read_codes, options.codes)
    async with opened(options) as store:
        known = frozenset(record.kid for record in await store.kitchens())
        _say_dropped_zeros(options.file, rows, known)
        waiting = [row.kid for row in rows if await store.has_open_code(row.kid, utc_now())]
        fresh = {row.kid: new_code() for row in rows if await _needs_code(store, row.kid)}
        # Before the database: a code that is kept there and was written nowhere would be lost.
        await asyncio.to_thread(_write_codes, options.codes, {**codes, **fresh})
        for row in rows:
            if row.kid not in known:
                await _add(store, row)
            if row.kid in fresh:
                code_hash = hashed(code_of(fresh[row.kid]))
                await store.put_code(row.kid, code_hash, utc_now() + CODE_VALID_FOR)
    added = sum(row.kid not in known for row in rows)
    print(
        f"Added {added} of {len(rows)} stores; those that were there stay as they are. "
        f"New codes in {options.codes}: {len(fresh)}."
    )
    if waiting:
        print(f"These keep the code that they have: {', '.join(waiting)}")


async def _needs_code(store: Store, kid: str) -> bool:
    """Return whether no device has enrolled, and none can."""
    return not await store.has_open_code(kid, utc_now()) and not await store.token_hashes(kid)


async def _add(store: Store, row: StoreRow) -> None:
    await store.add_kitchen(row.kid, row.name, utc_now())
    if row.week:
        await store.change_desired(row.kid, partial(_with_hours, row.week))


def _with_hours(week: dict[Weekday, str], held: Desired) -> Desired:
    return held.model_copy(update={"schedule": week})


def _say_dropped_zeros(file: Path, rows: tuple[StoreRow, ...], known: frozenset[str]) -> None:
    """Raise `CommandError` for a number that is another store without its zeros; print a word on
    those that only look so."""
    for kid, meant in without_zeros(rows, known).items():
        if meant in known:
            raise CommandError(
                f"{file}, column store: {kid} is {meant} without its zeros, which Excel drops. "
                "Format the column as text, and type it again; nothing was written"
            )
        print(f"{file}: is {kid} right, and not {meant}? Excel drops zeros.", file=sys.stderr)


def _read_codes(file: Path) -> dict[str, str]:
    """Return the code of each store that an earlier run has left in `file`."""
    try:
        rows = list(csv.reader(file.read_text("utf-8").splitlines(), strict=True))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{file} can't be read: {error}") from error
    if not rows or rows[0] != _HEAD or any(len(row) != len(_HEAD) for row in rows):
        raise CommandError(f"{file} is no list of codes, and stays as it is. Name a new file")
    return {row[0]: row[1] for row in rows[1:]}


def _write_codes(file: Path, codes: dict[str, str]) -> None:
    try:
        replace_file(file, _csv([_HEAD, *([store, code] for store, code in codes.items())]))
    except OSError as error:
        raise CommandError(
            f"{file} can't be written: {error.strerror}; nothing was added"
        ) from error


async def _export(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        kitchens = await store.kitchens()
    rows = [["store", "name", *DAYS]]
    for record in kitchens:
        week = record.desired.schedule or {}
        rows.append([record.kid, _text(record.name), *(week.get(day, "") for day in DAYS)])
    print(_csv(rows), end="")


def _text(cell: str) -> str:
    """Return a cell that no spreadsheet calculates."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _csv(rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
