"""`likelight-cloud audit`: who changed what, and whether that is what was written."""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from likelight_cloud.cli.database import Commands, action, actions_of, json_option, opened
from likelight_cloud.cli.errors import CommandError, DifferenceError
from likelight_cloud.store.audit import AuditRow
from likelight_cloud.store.base import Store
from likelight_cloud.trust.audit_check import Checked, check_chain, check_journal
from likelight_cloud.trust.audit_lines import row_told

_AT_ONCE = 1000


def add_audit(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud audit list` and `audit verify`."""
    actions = actions_of(
        commands,
        "audit",
        "who changed what, and when: a log that only grows",
        "No viewer, no note and no press of a button is ever in it.",
    )
    every = action(actions, "list", database, _list, "print one line for each row")
    json_option(every)
    verify = action(
        actions,
        "verify",
        database,
        _verify,
        "say whether a row was changed or removed",
        "Each row has the hash of the one before it. A cloud that serves also writes it into its "
        "log: given what `journalctl -u likelight-cloud -o cat` prints, `likelight-cloud audit "
        "verify --journal -` shows what was rewritten as a whole, too. Exits with 1 where "
        "something differs.",
    )
    verify.add_argument(
        "--journal",
        metavar="FILE",
        help="the log of the cloud, oldest line first; - for standard input",
    )


async def _list(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        rows = await _all(store)
    if options.json:
        print(json.dumps([_facts(row) for row in rows], indent=2))
        return
    for row in rows:
        at = row.at.isoformat(timespec="seconds")
        print(f"{row.n}  {at}  {row.who}: {row.action} {row.about} {row.detail}".rstrip())
    if not rows:
        print("The audit log has no rows yet.")


async def _verify(options: argparse.Namespace) -> None:
    told = None
    if options.journal is not None:
        told = await asyncio.to_thread(_read_journal, options.journal)
    async with opened(options) as store:
        rows = await _all(store)
    broken = check_chain(rows)
    checked = Checked() if told is None else check_journal(rows, told)
    for remark in checked.remarks:
        print(remark)
    differences = [*broken, *checked.differences]
    for difference in differences:
        print(difference)
    if differences:
        raise DifferenceError(f"the audit log of {options.database} is not what was written")
    if told is None:
        print(
            f"The chain is whole, rows: {len(rows)}. Whoever may write the database can rewrite "
            "all of it, which only a journal shows: --journal."
        )
        return
    print(f"All is as it was written, by its chain and by the journal, rows: {len(rows)}.")


def _read_journal(name: str) -> list[tuple[int, bytes]]:
    try:
        if name == "-":
            return _told(sys.stdin.buffer)
        with Path(name).open("rb") as lines:
            return _told(lines)
    except OSError as error:
        raise CommandError(f"--journal: can't read {name}: {error.strerror}") from error


def _told(lines: Iterable[bytes]) -> list[tuple[int, bytes]]:
    found = (row_told(line.decode(errors="replace")) for line in lines)
    return [told for told in found if told is not None]


async def _all(store: Store) -> list[AuditRow]:
    rows: list[AuditRow] = []
    while more := await store.audit_from(rows[-1].n + 1 if rows else 0, _AT_ONCE):
        rows += more
    return rows


def _facts(row: AuditRow) -> dict[str, object]:
    return {
        "n": row.n,
        "at": row.at.isoformat(timespec="milliseconds"),
        "who": row.who,
        "action": row.action,
        "about": row.about,
        "detail": row.detail,
        "sha256": row.hash.hex(),
    }
