"""The database that a command works on, and what is done to it as a whole."""

import argparse
import asyncio
import os
from typing import TypeAlias

from likelight_cloud.cli import arguments
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.store.base import Store, Use

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def database_option() -> argparse.ArgumentParser:
    """Return the parent of all commands that work on a database."""
    database = argparse.ArgumentParser(add_help=False)
    database.add_argument(
        "--database",
        type=arguments.database,
        default=os.environ.get("LIKELIGHT_DATABASE", "likelight-cloud.sqlite3"),
        metavar="URL",
        help="a SQLite file, made when missing, or postgresql://USER@HOST/NAME (default: what "
        "LIKELIGHT_DATABASE says, or likelight-cloud.sqlite3 in this directory)",
    )
    return database


def add_restored(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud restored`."""
    restored = commands.add_parser(
        "restored",
        parents=[database],
        help="say that the database came back from a backup, before the cloud starts again",
    )
    restored.set_defaults(run=_begin_time_lines)


async def existing(options: argparse.Namespace) -> Store:
    """Return the opened store in `--database`; a file must be there."""
    if await asyncio.to_thread(options.database.is_missing):
        raise CommandError(f"there is no database {options.database}. Name it with --database.")
    store: Store = options.database.store()
    await store.open()
    return store


async def _begin_time_lines(options: argparse.Namespace) -> None:
    """Draw new epochs, so that no device takes old numbers for new likes and notes."""
    if await asyncio.to_thread(options.database.is_missing):
        raise CommandError(f"there is no database {options.database}. Put the backup back first.")
    store = options.database.store()
    await store.open(Use.ALONE)
    try:
        kitchens = await store.begin_time_lines()
    finally:
        await store.close()
    print(
        f"Kitchens that begin a new time line: {kitchens}. Their likes go on from the backup's "
        "totals, and notes that their devices never had are sent again. Start the cloud now."
    )
