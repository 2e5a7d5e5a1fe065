"""`likelight-cloud serve` starts anew under load: systemd's socket stays, and nobody is refused."""

import asyncio
import signal
import sys
from contextlib import closing
from pathlib import Path

import aiohttp

from conftest import LONG
from likelight.web.http.address import own_address
from likelight.web.http.server import listen
from likelight_cloud.cli.main import main
from likelight_cloud.store.choice import database_of
from likelight_cloud.trust.device import hashed
from support.cloud import NOON, TOKEN, bearer
from support.viewers_load import Load

ROUNDS = 1 if LONG == 1 else 20


async def serve(database: Path, passed: int) -> asyncio.subprocess.Process:
    """Start the cloud on the listening socket `passed`, as systemd does."""
    # dup2 and exec keep the process: LISTEN_PID is its own.
    script = f'exec 3<&{passed}; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=public exec "$@"'
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", script, "bash", sys.executable, "-m", "likelight_cloud", "serve"),
        *("--database", str(database), "--max-likes", "1000000", "--max-notes", "1000000"),
        *("--admin-port", "0"),
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(passed,),
    )
    assert process.stderr is not None
    async with asyncio.timeout(60):
        first = (await process.stderr.readline()).decode()
    assert first.startswith("The cloud answers at "), first
    return process


async def test_a_restart_refuses_nobody_and_loses_nothing(tmp_path: Path) -> None:
    database = tmp_path / "cloud.sqlite3"
    assert await asyncio.to_thread(main, ["init", "--database", str(database)]) == 0
    store = database_of(str(database)).store()
    await store.open()
    await store.add_kitchen("k1", "One", NOON)
    await store.add_token("k1", hashed(TOKEN), NOON)
    # No like goes to this one: its poll is held.
    await store.add_kitchen("k2", "Two", NOON)
    await store.add_token("k2", hashed(TOKEN), NOON)
    with closing(listen("127.0.0.1", 0)) as listener:
        process = await serve(database, listener.fileno())
        url = own_address(listener)
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            load = Load(session, f"{url}/v1/kitchens/k1")
            sending = asyncio.create_task(load.run())
            for _ in range(ROUNDS):
                await load.acknowledgement()
                events = f"{url}/v1/kitchens/k2/events"
                async with session.get(
                    events, params={"boot_id": "b"}, headers=bearer(TOKEN)
                ) as got:
                    cursor = (await got.json())["cursor"]
                query = {"boot_id": "b", "wait": "30", "dv": "1", "cursor": cursor}
                poll = asyncio.create_task(session.get(events, params=query, headers=bearer(TOKEN)))
                stream = await session.get(f"{url}/v1/kitchens/k1/live")
                await stream.content.readuntil(b"\n\n")
                picture = await session.get(f"{url}/k/k1/stream.mjpg")
                await load.acknowledgement()
                process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(20):  # TimeoutStopSec of the unit
                    told = await poll
                    assert told.status == 200
                    assert told.headers["Connection"] == "close"
                    assert (await told.json())["likes"]["delta"] == 0
                    await stream.read()
                    assert await process.wait() == 0
                picture.close()
                assert process.stderr is not None
                lines = (await process.stderr.read()).decode().splitlines()
                # Each start tells the audit rows that no journal has yet.
                assert [line for line in lines if not line.startswith("Audit row ")] == [
                    "The cloud has stopped."
                ]
                process = await serve(database, listener.fileno())
                await load.acknowledgement()
            load.end()
            await sending
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert load.refusals == {}, "each request was answered, and by an acknowledgement"
    record = await store.kitchen("k1")
    assert record is not None
    assert record.likes_total == load.likes
    backlog = await store.notes_after("k1", 0, limit=1_000_000, at=NOON)
    await store.close()
    assert sorted(note.id for note in backlog.notes) == sorted(load.notes.values())
