"""Copies of the PostgreSQL store, by its own programs pg_dump and pg_restore."""

import asyncio
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import asyncpg

from likelight.runtime.atomic_file import sync_folder
from likelight.runtime.clock import utc_now
from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.audit import Act, Action
from likelight_cloud.store.postgresql.address import Address
from likelight_cloud.store.postgresql.audit import append
from likelight_cloud.store.postgresql.connect import LOST, connect, explained
from likelight_cloud.store.postgresql.kitchens import begin_time_lines
from likelight_cloud.store.postgresql.schema import migrate
from likelight_cloud.store.postgresql.serving import SERVING

_PACKAGE = "it comes with Debian's package postgresql-client"


class PostgresCopies:
    """The `Copies` of the database at `address`.

    pg_dump has a snapshot of its own; pg_restore puts all rows back in one transaction.
    """

    def __init__(self, address: Address) -> None:
        self._address = address

    async def make(self, file: Path) -> int:
        url, secret = _for_programs(self._address)
        draft = await asyncio.to_thread(_draft, file)
        try:
            await _run(
                *("pg_dump", "--format=custom", "--no-owner", "--no-privileges"),
                *(f"--file={draft}", f"--dbname={url}"),
                secret=secret,
            )
            return await asyncio.to_thread(_give_name, draft, file)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)

    async def check(self, file: Path) -> None:
        if " TABLE DATA public kitchen " not in await _run("pg_restore", "--list", str(file)):
            raise StoreError(f"{file} is not a backup of a cloud: it has no kitchens")

    async def restore(self, file: Path) -> Path | None:
        await self.check(file)
        url, secret = _for_programs(self._address)
        connection = (await connect(self._address)).connection
        try:
            # Held to the end: no cloud starts before the new time lines have begun.
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", SERVING):
                raise StoreError(f"a cloud serves {self._address.name} just now; end it first")
            await _run(
                *("pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges"),
                *("--single-transaction", f"--dbname={url}", str(file)),
                secret=secret,
            )
            await migrate(connection, self._address)
            async with connection.transaction():
                await begin_time_lines(connection)
                await append(connection, Act(Action.RESTORED), utc_now())
        except (asyncpg.PostgresError, *LOST) as error:
            raise explained(error, self._address) from error
        finally:
            connection.terminate()
        return None


def _draft(file: Path) -> Path:
    if os.path.lexists(file):
        raise StoreError(f"{file} is there already; choose a new name")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    except OSError as error:
        raise StoreError(f"can't write {file}: {error.strerror}") from error
    os.close(descriptor)
    return Path(name)


def _give_name(draft: Path, file: Path) -> int:
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.rename(file)
    sync_folder(file.parent)
    return file.stat().st_size


def _for_programs(address: Address) -> tuple[str, Mapping[str, str]]:
    """Return the database's URL without its password, and the environment that has it: a list of
    processes shows what a program was called with."""
    parts = urlsplit(address.hosts[0])
    hosts = ",".join(urlsplit(host).netloc.rpartition("@")[2] for host in address.hosts)
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    query = dict(parse_qsl(parts.query)) | {"target_session_attrs": "read-write"}
    at = f"{user}@" if user else ""
    url = urlunsplit(parts._replace(netloc=at + hosts, query=urlencode(query)))
    return url, {"PGPASSWORD": unquote(password)} if password else {}


async def _run(*command: str, secret: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return what `command` has printed. Raises `StoreError` with its own last words."""
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            env={**os.environ, **secret},
        )
    except FileNotFoundError as error:
        raise StoreError(f"the program {command[0]} is missing; {_PACKAGE}") from error
    try:
        out, told = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        last = told.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise StoreError(f"{command[0]} failed: {last[-1]}")
    return out.decode(errors="replace")
