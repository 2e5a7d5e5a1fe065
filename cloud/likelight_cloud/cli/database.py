"""The database that a command works on."""

import argparse
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from likelight_cloud.cli import arguments
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.store.base import NoKitchenError, Store, Use
from likelight_cloud.store.records import KitchenRecord

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run: TypeAlias = Callable[[argparse.Namespace], Awaitable[None]]


def database_option() -> argparse.ArgumentParser:
    """Return the parent of all commands that work on a database."""
    database = argparse.ArgumentParser(add_help=False)
    database.add_argument(
        "--database",
        type=arguments.database,
        default=os.environ.get("LIKELIGHT_DATABASE", "likelight-cloud.sqlite3"),
        metavar="URL",
        help="a SQLite file, or postgresql://USER@HOST/NAME (default: what LIKELIGHT_DATABASE "
        "says, or likelight-cloud.sqlite3 in this directory)",
    )
    return database


def actions_of(commands: Commands, name: str, help: str, more: str = "") -> Commands:
    """Add a command that has actions of its own, and return what these are added to. `more` are
    sentences for its own `--help`."""
    command = commands.add_parser(name, help=help, description=_sentence(help, more))
    return command.add_subparsers(required=True, metavar="ACTION")


def action(
    commands: Commands,
    name: str,
    database: argparse.ArgumentParser,
    run: Run,
    help: str,
    more: str = "",
) -> argparse.ArgumentParser:
    """Add a command on a database. Its own `--help` says what it is for, as the list of commands
    does, and has the sentences `more`."""
    command = commands.add_parser(
        name, parents=[database], help=help, description=_sentence(help, more)
    )
    command.set_defaults(run=run)
    return command


def _sentence(help: str, more: str) -> str:
    return f"{help[0].upper()}{help[1:]}. {more}".rstrip()


def dry_run_option(command: argparse.ArgumentParser, help: str) -> None:
    """Add `--dry-run`, for what destroys or changes much; `help` says what it does instead."""
    command.add_argument("--dry-run", action="store_true", help=help)


def kitchen_argument(command: argparse.ArgumentParser) -> None:
    """Add the argument that names a kitchen which is there."""
    command.add_argument("kid", metavar="KID", help="the kitchen's id")


def json_option(command: argparse._ActionsContainer) -> None:
    """Add `--json`, for programs that read what the command lists."""
    command.add_argument("--json", action="store_true", help="print it as JSON, for programs")


async def existing(options: argparse.Namespace) -> Store:
    """Return the store in `--database`, not yet opened, which `init` has made.

    Never made by accident: in another folder it would be a second cloud that knows no kitchen.
    """
    database = options.database
    if await database.is_missing():
        raise CommandError(
            f"there is no database {database}. Name it with --database or LIKELIGHT_DATABASE, or "
            f"make a new one: `likelight-cloud init --database {database}`"
        )
    store: Store = database.store()
    return store


@asynccontextmanager
async def opened(options: argparse.Namespace, use: Use = Use.COMMAND) -> AsyncIterator[Store]:
    """Open the store in `--database`, which must exist; say so when a kitchen in it does not."""
    store = await existing(options)
    await store.open(use)
    try:
        yield store
    except NoKitchenError as error:
        raise CommandError(
            f"there is no kitchen {error.args[0]} in {options.database}. "
            f"`likelight-cloud kitchen list --database {options.database}` names those there are."
        ) from error
    finally:
        await store.close()


async def found(store: Store, kid: str) -> KitchenRecord:
    """Return the kitchen `kid`. Raises `NoKitchenError`."""
    record = await store.kitchen(kid)
    if record is None:
        raise NoKitchenError(kid)
    return record
