"""`likelight-cloud kitchen import|export`: many kitchens at once, as a list of stores."""

import argparse
import asyncio
import csv
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from likelight.contract import Desired, Weekday
from likelight.contract.enrolment import code_of, new_code
from likelight.fleet.stores.codes import HEAD
from likelight.fleet.stores.details import Details
from likelight.fleet.stores.rows import StoreRow, listed, read_stores, without_zeros
from likelight.fleet.stores.table import ListError, in_csv, named
from likelight.runtime.atomic_file import replace_file
from likelight.runtime.clock import utc_now
from likelight_cloud.cli.database import Commands, action, dry_run_option, opened
from likelight_cloud.cli.enrolment import CODE_VALID_FOR
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.store.base import Store
from likelight_cloud.store.records import KitchenRecord
from likelight_cloud.trust.device import hashed


def add_stores(actions: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud kitchen import` and `kitchen export`."""
    read = action(
        actions,
        "import",
        database,
        _import,
        "add the stores of a CSV file that are not there yet, after every row was checked, "
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
    read.add_argument(
        "--update",
        action="store_true",
        help="also change the stores that are there to what the list has; an empty cell changes "
        "nothing",
    )
    dry_run_option(read, "check every row, say what would change, and write nothing")
    write = action(
        actions,
        "export",
        database,
        _export,
        "print all kitchens as such a list, without any secret",
    )
    write.set_defaults(encoding="utf-8")


async def _import(options: argparse.Namespace) -> None:
    try:
        rows = await asyncio.to_thread(read_stores, options.file)
    except ListError as error:
        raise CommandError(str(error)) from error
    codes = await asyncio.to_thread(_read_codes, options.codes)
    async with opened(options) as store:
        plan = await _planned(store, rows)
        _say_dropped_zeros(options.file, rows, frozenset(plan.known))
        if not options.dry_run:
            fresh = {kid: new_code() for kid in plan.uncoded}
            # Before the database: a code that is kept there and was written nowhere would be lost.
            await asyncio.to_thread(_write_codes, options.codes, {**codes, **fresh})
            await _carry_out(store, plan, fresh, update=options.update)
    _tell(plan, len(rows), options)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a list means for a database."""

    known: dict[str, KitchenRecord]
    new: list[StoreRow]
    differing: list[tuple[StoreRow, list[str]]]
    """Stores that are there, and what of them the list has otherwise."""
    uncoded: list[str]
    """No device has enrolled, and none can."""
    waiting: list[str]
    """A device may still come with a code from before."""


async def _planned(store: Store, rows: tuple[StoreRow, ...]) -> _Plan:
    plan = _Plan({record.kid: record for record in await store.kitchens()}, [], [], [], [])
    for row in rows:
        record = plan.known.get(row.kid)
        if record is None:
            plan.new.append(row)
        elif differences := _differences(row, record):
            plan.differing.append((row, differences))
        if await store.has_open_code(row.kid, utc_now()):
            plan.waiting.append(row.kid)
        elif not await store.token_hashes(row.kid):
            plan.uncoded.append(row.kid)
    return plan


def _differences(row: StoreRow, record: KitchenRecord) -> list[str]:
    held = record.details.model_dump()
    listed = row.details.model_dump(exclude_none=True)
    return [
        *(["name"] if row.name != record.name else []),
        *(column for column, value in listed.items() if held[column] != value),
        *(["hours"] if row.week and row.week != record.desired.schedule else []),
    ]


async def _carry_out(store: Store, plan: _Plan, codes: dict[str, str], *, update: bool) -> None:
    for row in plan.new:
        await store.add_kitchen(row.kid, row.name, utc_now(), row.details, row.week)
    for kid, code in codes.items():
        await store.put_code(kid, hashed(code_of(code)), utc_now() + CODE_VALID_FOR)
    for row, columns in plan.differing if update else ():
        if "name" in columns:
            await store.rename_kitchen(row.kid, row.name)
        if "hours" in columns:
            await store.change_desired(row.kid, partial(_with_hours, row.week))
        if not Details.model_fields.keys().isdisjoint(columns):
            listed = row.details.model_dump(exclude_none=True)
            details = plan.known[row.kid].details.model_copy(update=listed)
            await store.put_details(row.kid, details)


def _with_hours(week: dict[Weekday, str], held: Desired) -> Desired:
    return held.model_copy(update={"schedule": week})


def _tell(plan: _Plan, stores: int, options: argparse.Namespace) -> None:
    new, codes, dry = len(plan.new), len(plan.uncoded), options.dry_run
    differing = named([f"{row.kid} ({', '.join(columns)})" for row, columns in plan.differing])
    if dry:
        print(f"This would add {new} of {stores} stores and draw {codes} codes.")
    else:
        print(f"Added {new} of {stores} stores. New codes in {options.codes}: {codes}.")
    if differing and options.update:
        print(f"{'This would change' if dry else 'Changed'}: {differing}.")
    elif differing:
        print(
            f"The list has these otherwise, and they stay as they are: {differing}. To change them "
            "to what the list has, import it with --update; to change one, use `kitchen rename` "
            "for its name and `desired set` for its hours."
        )
    if plan.waiting:
        print(f"These keep the code that they have: {named(plan.waiting)}.")
    if dry:
        print("Nothing was written.")


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
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error):
        rows = []
    if not rows or rows[0] != list(HEAD) or any(len(row) != len(HEAD) for row in rows):
        raise CommandError(f"{file} is not a list of codes, and stays as it is. Name a new file")
    return {row[0]: row[1] for row in rows[1:]}


def _write_codes(file: Path, codes: dict[str, str]) -> None:
    try:
        replace_file(file, in_csv([HEAD, *([store, code] for store, code in codes.items())]))
    except OSError as error:
        raise CommandError(
            f"{file} can't be written: {error.strerror}; nothing was added"
        ) from error


async def _export(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        kitchens = await store.kitchens()
    rows = (StoreRow(k.kid, k.name, k.details, k.desired.schedule or {}) for k in kitchens)
    print(listed(rows), end="")
