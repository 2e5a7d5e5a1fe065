"""`likelight-cloud init|migrate|backup|restore|restored`: a database as a whole."""

import argparse
import asyncio
from pathlib import Path

from likelight.runtime.clock import utc_now
from likelight_cloud.cli import arguments
from likelight_cloud.cli.database import Commands, action, dry_run_option, existing, opened
from likelight_cloud.cli.deployment import write_deployment
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.store.base import Use


def add_lifecycle(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add the commands on a whole database."""
    init = action(commands, "init", database, _init, "make a new, empty database")
    init.add_argument(
        "--domain",
        type=arguments.domain,
        metavar="NAME",
        help="the name that viewers open: also write units, environment file, nginx's file and a "
        "nightly backup for a server, and print the commands that put them in place",
    )
    init.add_argument(
        "--folder",
        type=Path,
        default=Path("likelight-cloud-files"),
        metavar="FOLDER",
        help="a new folder for these files, which may hold a password (default: %(default)s)",
    )
    action(
        commands,
        "migrate",
        database,
        _migrate,
        "bring the tables to this version, as serve does by itself when it starts",
    )
    backup = action(
        commands,
        "backup",
        database,
        _backup,
        "write a copy into a new file that its owner alone may read; the cloud may serve meanwhile",
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="a new file; a folder with --keep")
    backup.add_argument(
        "--keep",
        type=arguments.copies,
        metavar="N",
        help="write a file with the time in its name into the folder FILE, and leave the newest N "
        "of these there",
    )
    restore = action(
        commands,
        "restore",
        database,
        _restore,
        "put a backup in the database's place and begin a new time line; no cloud may serve "
        "meanwhile",
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="what backup has written")
    dry_run_option(restore, "look at FILE and say what would happen")
    restored = action(
        commands,
        "restored",
        database,
        _begin_time_lines,
        "say that the database came back from a backup by other means, before the cloud "
        "starts again",
    )
    dry_run_option(restored, "say how many kitchens it concerns, and change nothing")


async def _init(options: argparse.Namespace) -> None:
    database = options.database
    if not await database.is_missing():
        raise CommandError(f"{database} is there already, and stays as it is.")
    commands = None
    if options.domain is not None:
        commands = await asyncio.to_thread(
            write_deployment, options.folder, database, options.domain
        )
    store = database.store()
    await store.open()
    await store.close()
    if commands is not None:
        print(f"{database} is ready, and {options.folder} has its files. As root:\n{commands}")
        return
    print(
        f"{database} is ready. Next:\n"
        f'  `likelight-cloud kitchen add KID "NAME" --database {database}`\n'
        f"  `likelight-cloud operator add NAME --role operator --database {database}`, for the "
        "page /fleet\n"
        f"  `likelight-cloud serve --database {database}`"
    )


async def _migrate(options: argparse.Namespace) -> None:
    async with opened(options):
        print(f"{options.database} has the tables of this version.")


async def _backup(options: argparse.Namespace) -> None:
    await existing(options)
    file = options.file
    if options.keep is not None:
        if not await asyncio.to_thread(file.is_dir):
            raise CommandError(f"{file} is not a folder. Make it first: `mkdir -m 700 {file}`")
        file = file / f"likelight-cloud-{utc_now():%Y-%m-%dT%H%M%SZ}.backup"
    size = await options.database.copies().make(file)
    print(f"{file} has all of {options.database}, {size:,} bytes.")
    if options.keep is not None:
        await asyncio.to_thread(_keep, options.file, options.keep)


def _keep(folder: Path, newest: int) -> None:
    """Delete the copies in `folder` but for the newest ones; the time is in their names."""
    copies = sorted(folder.glob("likelight-cloud-????-??-??T??????Z.backup"))
    for copy in copies[:-newest]:
        copy.unlink(missing_ok=True)


async def _restore(options: argparse.Namespace) -> None:
    file, database = options.file, options.database
    if options.dry_run:
        await database.copies().check(file)
        print(f"{file} can be put in the place of {database}. Nothing was changed.")
        return
    aside = await database.copies().restore(file)
    kept = f" What was there before is kept as {aside}." if aside else ""
    print(
        f"{file} is in the place of {database}.{kept} Devices go on from its totals, and notes "
        "that they never had are sent again. Start the cloud now."
    )


async def _begin_time_lines(options: argparse.Namespace) -> None:
    """Draw new epochs, so that no device takes old numbers for new likes and notes."""
    async with opened(options, Use.ALONE) as store:
        if options.dry_run:
            kitchens = len(await store.kitchens())
            print(f"Kitchens that would begin a new time line: {kitchens}. Nothing was changed.")
            return
        kitchens = await store.begin_time_lines()
    print(
        f"Kitchens that begin a new time line: {kitchens}. Their likes go on from the backup's "
        "totals, and notes that their devices never had are sent again. Start the cloud now."
    )
