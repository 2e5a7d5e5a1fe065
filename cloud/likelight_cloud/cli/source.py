"""`likelight-cloud source add|list|rotate|remove`: who may send events to `/v1/ingest`."""

import argparse
import asyncio
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from likelight.runtime.clock import utc_now
from likelight_cloud.cli.database import (
    Commands,
    action,
    actions_of,
    dry_run_option,
    json_option,
    opened,
)
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.store.base import Store
from likelight_cloud.store.ingest import MOST_SOURCES, SOURCE_NAME, IngestSource
from likelight_cloud.trust.device import hashed, new_token
from likelight_cloud.trust.signature import (
    BUILT_IN,
    LEAST_SECRET,
    MOST_SECRET,
    Profile,
    ProfileError,
    read_profile,
)

_MOST_FILE = 16 * 1024


@dataclass(frozen=True, slots=True)
class Secret:
    """What is stored of a secret, and what is printed of it: nothing of one that was given."""

    kept: bytes
    shown: str | None


def add_source(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud source` and its actions."""
    actions = actions_of(
        commands,
        "source",
        "who may send likes and notes as webhooks, to /v1/ingest/NAME",
        "INGEST.md beside the cloud's source says what they may send, and how it is signed.",
    )
    add = action(
        actions,
        "add",
        database,
        _add,
        "let a source send events; print its secret, once",
        "The secret itself is kept in the database and its backups, because signatures are "
        "computed from it; of a bearer token a hash.",
    )
    _name_argument(add)
    how = add.add_mutually_exclusive_group()
    profile_option(how)
    how.add_argument(
        "--bearer",
        action="store_true",
        help="for tools that can't sign: a token in a header, for 20 likes an event and notes only",
    )
    _secret_option(add)
    every = action(actions, "list", database, _list, "print one line for each source")
    json_option(every)
    rotate = action(
        actions,
        "rotate",
        database,
        _rotate,
        "make a new secret valid beside the newest one, and print it, once",
        "Give it to the sender, and end the one before with --done.",
    )
    _name_argument(rotate)
    one = rotate.add_mutually_exclusive_group()
    one.add_argument("--done", action="store_true", help="leave the newest secret alone valid")
    _secret_option(one)
    remove = action(
        actions,
        "remove",
        database,
        _remove,
        "refuse a source's events from now on, and delete its secrets; its likes and notes stay",
    )
    _name_argument(remove)
    dry_run_option(remove, "say what would be removed, and remove nothing")


def _name_argument(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", help="short name in its address: a-z, 0-9 and -")


def profile_option(command: "argparse._ActionsContainer") -> None:
    """Add how a source signs."""
    command.add_argument(
        "--profile",
        default="standard-webhooks",
        metavar="PROFILE",
        help=f"how it signs: {', '.join(BUILT_IN)}, or a TOML file (default: %(default)s)",
    )


def _secret_option(command: "argparse._ActionsContainer") -> None:
    command.add_argument(
        "--secret-file",
        metavar="FILE",
        help="a file with the provider's own secret, or - for the standard input; never an "
        "argument, which every list of processes shows",
    )


async def _add(options: argparse.Namespace) -> None:
    name: str = options.name
    if not re.fullmatch(SOURCE_NAME, name):
        raise CommandError(
            f"{name} cannot be a source's name: up to 32 of a-z, 0-9 and -, for example till."
        )
    profile = None if options.bearer else await profile_called(options.profile)
    secret = await secret_in(profile, options.secret_file)
    text = None if profile is None else profile.model_dump_json()
    async with opened(options) as store:
        if len(await store.ingest.all()) >= MOST_SOURCES:
            raise CommandError(f"there are {MOST_SOURCES} sources already. Remove one first.")
        new = IngestSource(name, text, (secret.kept,), utc_now())
        if not await store.ingest.add(new):
            raise CommandError(
                f"the source {name} exists already. Choose another name, or change its secret: "
                f"`likelight-cloud source rotate {name}`."
            )
    how = "unsigned, with a bearer token" if profile is None else f"signed as {profile.name} does"
    print(f"The source {name} may send events to /v1/ingest/{name}, {how}.{_told(secret)}")


async def _list(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        sources = await store.ingest.all()
    if options.json:
        print(json.dumps([_facts(source) for source in sources], indent=2))
        return
    width = max((len(source.name) for source in sources), default=0)
    for source in sources:
        how = "UNSIGNED: a bearer token" if source.profile is None else f"signed, {_kind(source)}"
        more = ", two secrets valid" if len(source.secrets) > 1 else ""
        print(f"{source.name:{width}}  {how}{more}")


async def _rotate(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        source = await _found(store, options)
        if options.done:
            await store.ingest.put_secrets(source.name, source.secrets[:1], utc_now())
            print(f"The newest secret of {source.name} alone is valid now.")
            return
        profile = None if source.profile is None else Profile.model_validate_json(source.profile)
        secret = await secret_in(profile, options.secret_file)
        await store.ingest.put_secrets(source.name, (secret.kept, source.secrets[0]), utc_now())
    print(
        f"A new secret of {source.name} is valid beside the one before, which "
        f"`likelight-cloud source rotate {source.name} --done` ends.{_told(secret)}"
    )


async def _remove(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        source = await _found(store, options)
        if options.dry_run:
            print(f"This would remove the source {source.name}. Nothing was removed.")
            return
        await store.ingest.remove(source.name, utc_now())
    print(f"Removed the source {source.name}. Its events are refused from now on.")


async def _found(store: Store, options: argparse.Namespace) -> IngestSource:
    source = await store.ingest.find(options.name)
    if source is None:
        raise CommandError(
            f"there is no source {options.name} in {options.database}. `likelight-cloud source "
            f"list --database {options.database}` names those there are."
        )
    return source


async def profile_called(name: str) -> Profile:
    """Return the profile of that name, or in that file. Raises `CommandError`."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    try:
        return read_profile(await asyncio.to_thread(_text, name, "--profile"))
    except ProfileError as error:
        raise CommandError(f"--profile {name}: {error}. INGEST.md has the format.") from error


async def secret_in(profile: Profile | None, file: str | None) -> Secret:
    """Return a new secret, or the one in `file`. Raises `CommandError`."""
    if file is None:
        text = new_token() if profile is None else profile.new_secret()
    else:
        text = (await asyncio.to_thread(_text, file, "--secret-file")).strip()
    shown = text if file is None else None
    if profile is None:
        if not LEAST_SECRET <= len(text) <= MOST_SECRET or not text.isascii():
            raise CommandError(
                f"a bearer token is {LEAST_SECRET} to {MOST_SECRET} ASCII characters, and the one "
                f"in {file} is not"
            )
        return Secret(hashed(text), shown)
    try:
        return Secret(profile.key_of(text), shown)
    except ProfileError as error:
        raise CommandError(f"--secret-file {file}: {error}") from error


def _text(file: str, option: str) -> str:
    try:
        raw = sys.stdin.buffer.read(_MOST_FILE) if file == "-" else _read(Path(file))
        return raw.decode()
    except OSError as error:
        raise CommandError(f"{option}: can't read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{option}: {file} is not a text in UTF-8") from error


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST_FILE)


def _told(secret: Secret) -> str:
    return "" if secret.shown is None else f" Its secret, shown only now:\n{secret.shown}"


def _kind(source: IngestSource) -> str:
    return Profile.model_validate_json(source.profile or "").name


def _facts(source: IngestSource) -> dict[str, object]:
    signed = source.profile is not None
    return {
        "name": source.name,
        "signed": signed,
        "profile": _kind(source) if signed else None,
        "secrets": len(source.secrets),
        "created_at": source.created_at.isoformat(timespec="seconds"),
    }
