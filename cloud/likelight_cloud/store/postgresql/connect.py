"""Connections to the present primary of a PostgreSQL database, and what its errors mean."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from likelight.runtime.store_errors import StoreError, StoreFull
from likelight_cloud.store.postgresql.address import Address

CONNECT_WITHIN_S = 2.0
"""How long a host may take; all are asked at once, so a silent one costs this and no more."""

LOST = (
    OSError,  # TimeoutError is one
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""The connection is of no use any more: the server is gone, or it is no longer the primary."""

# pg_walfile_name begins with the time line. On a standby pg_current_wal_lsn fails.
_WHO = """
SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8) AS time_line,
       pg_postmaster_start_time() AS started,
       current_setting('synchronous_commit') AS waits_for"""


@dataclass(frozen=True, slots=True, order=True)
class Server:
    """Which of several servers one is: after a promotion the newer has the higher time line."""

    time_line: str
    started: datetime


@dataclass(frozen=True, slots=True)
class Primary:
    """An open connection, and to whom."""

    connection: asyncpg.Connection
    server: Server


async def connect(address: Address) -> Primary:
    """Return a connection to the primary; of two that say so, to the one with the newer time line.

    asyncpg's own list of hosts takes the first that answers, and has one time-out for all. Raises
    `StoreError`.
    """
    found: list[Primary] = []
    errors: dict[str, Exception] = {}

    async def ask(host: str) -> None:
        try:
            found.append(await _ask(host))
        except Exception as error:  # noqa: BLE001  weighed below, beside those of the other hosts
            errors[host] = error

    try:
        async with asyncio.TaskGroup() as group:
            for host in address.hosts:
                group.create_task(ask(host))
    except BaseException:
        # The asker was cancelled: a host may have answered at that very moment.
        for primary in found:
            primary.connection.terminate()
        raise
    found.sort(key=lambda primary: primary.server)
    for other in found[:-1]:
        other.connection.terminate()
    if found:
        return found[-1]
    told = [errors[host] for host in address.hosts]
    # What a server says of user, password or database helps more than that others do not answer.
    reason = next((each for each in told if isinstance(each, asyncpg.PostgresError)), told[0])
    raise explained(reason, address) from reason


async def _ask(host: str) -> Primary:
    connection = await asyncpg.connect(
        host,
        timeout=CONNECT_WITHIN_S,
        server_settings={"application_name": "likelight-cloud"},
    )
    try:
        async with asyncio.timeout(CONNECT_WITHIN_S):
            row = await connection.fetchrow(_WHO)
            if row["waits_for"] in ("off", "local"):
                # Somebody's default for speed: an acknowledgement would no longer mean "kept".
                await connection.execute("SET synchronous_commit = on")
    except BaseException:
        connection.terminate()
        raise
    return Primary(connection, Server(row["time_line"], row["started"]))


def explained(error: Exception, address: Address) -> StoreError:
    """Return what `error` means, and what to do."""
    at = address.name
    match error:
        case StoreError():
            return error
        case asyncpg.InvalidAuthorizationSpecificationError():
            return StoreError(f"{at} refuses the user or the password: {error}")
        case asyncpg.InvalidCatalogNameError():
            return StoreError(f"{at}: {error}. Make it with createdb.")
        case asyncpg.ObjectNotInPrerequisiteStateError() | asyncpg.ReadOnlySQLTransactionError():
            return StoreError(f"{at} has no primary just now: what answers can only be read")
        case asyncpg.DiskFullError():
            return StoreFull(f"no space is left for {at}; free some on its disk")
        case asyncpg.TooManyConnectionsError():
            return StoreError(f"{at} takes no more connections; raise max_connections")
        case asyncpg.ClientConfigurationError():
            return StoreError(f"{at} can't be used: {error}")
        case asyncpg.PostgresError() if not isinstance(error, LOST):
            return StoreError(f"{at} can't be used: {error}")
        case TimeoutError():
            return StoreError(f"{at} does not answer in time; look whether PostgreSQL runs there")
        case _:
            return StoreError(f"{at} does not answer; look whether PostgreSQL runs there ({error})")
