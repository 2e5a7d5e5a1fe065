"""What the cloud's two stores keep: likes and notes a second, against the bare database's commits.

The bare database commits the statement of a like, one after the other on one connection, with the
same durability. PostgreSQL is a server of its own on the same disk. Rounds alternate, because only
figures of one run compare. A file system in memory has no sync to wait for: there the ratios say
nothing.
"""

import argparse
import asyncio
import itertools
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import asyncpg

sys.path.insert(0, str(Path(__file__).parents[1]))

from likelight.runtime.clock import utc_now
from likelight_cloud.kitchens.like_commits import LikeCommits
from likelight_cloud.store.base import Store
from likelight_cloud.store.choice import database_of
from support.postgresql import Server

CALLERS = (1, 8, 100)
FIRST_LIKES = 100

_names = (str(number) for number in itertools.count())


async def bare_sqlite(file: Path, seconds: float) -> float:
    def work() -> float:
        with closing(sqlite3.connect(file, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = FULL")
            count, began = 0, time.monotonic()
            while time.monotonic() - began < seconds:
                db.execute("UPDATE kitchen SET likes_total = likes_total + 1 WHERE kid = 'k0'")
                count += 1
            return count / (time.monotonic() - began)

    return await asyncio.to_thread(work)


async def bare_postgresql(url: str, seconds: float) -> float:
    connection = await asyncpg.connect(url)
    try:
        count, began = 0, time.monotonic()
        while time.monotonic() - began < seconds:
            await connection.execute(
                "UPDATE kitchen SET likes_total = likes_total + 1 WHERE kid = 'k0'"
            )
            count += 1
        return count / (time.monotonic() - began)
    finally:
        await connection.close()


async def rate(ask: Callable[[int], Awaitable[object]], callers: int, seconds: float) -> float:
    """Return how many requests a second are answered, asked by `callers` at once."""
    count, began = 0, time.monotonic()

    async def caller(number: int) -> None:
        nonlocal count
        while time.monotonic() - began < seconds:
            await ask(number)
            count += 1

    await asyncio.gather(*map(caller, range(callers)))
    return count / (time.monotonic() - began)


async def first_likes(likes: LikeCommits, bare_s: float) -> str:
    """Return how long a kitchen's first like takes while 100 a second go to other kitchens."""
    rng, took = random.Random(1), []

    async def others() -> None:
        while True:
            likes.add(f"k{rng.randrange(1, 100)}", next(_names), 1, 0, "v")
            await asyncio.sleep(rng.expovariate(100))

    background = asyncio.create_task(others())
    for _ in range(FIRST_LIKES):
        await asyncio.sleep(rng.uniform(0.05, 0.1))
        began = time.monotonic()
        await likes.add("k0", next(_names), 1, 0, "v")
        took.append((time.monotonic() - began) * 1000)
    background.cancel()
    took.sort()
    return (
        f"first like while 100/s go elsewhere: p50 {statistics.median(took):.1f} ms, "
        f"p99 {took[int(len(took) * 0.99)]:.1f} ms; a bare commit {bare_s * 1000:.1f} ms"
    )


async def measure(
    name: str, store: Store, bare: Callable[[], Awaitable[float]], seconds: float
) -> None:
    await store.open()
    for number in range(max(CALLERS)):
        await store.add_kitchen(f"k{number}", f"Kitchen {number}", utc_now())
    likes = LikeCommits(store, utc_now, lambda *_: None)
    running = asyncio.create_task(likes.run())
    await asyncio.sleep(0)

    async def like(number: int) -> None:
        await likes.add(f"k{number}", next(_names), 1, 0, "v")

    async def note(number: int) -> None:
        now, id = utc_now(), f"note-{next(_names)}"
        await store.add_note(
            f"k{number}", id=id, code="heroes", key=id, at=now, expires_at=now + timedelta(hours=12)
        )

    heads = ("callers", "items/s", "bare/s", "ratio")
    print(f"\n{name:11}", *(f"{head:>8}" for head in heads), f"{'items a commit':>15}")
    bare_s = 0.0
    for what, ask in (("likes", like), ("notes", note)):
        for callers in CALLERS:
            before, committed = likes.commits, likes.committed
            commits = await bare()
            got = await rate(ask, callers, seconds)
            commits = (commits + await bare()) / 2
            bare_s = 1 / commits
            each = likes.commits - before
            told = f"{(likes.committed - committed) / each:.1f}" if each else ""
            print(
                f"{what:11} {callers:8} {got:8.0f} {commits:8.0f} {got / commits:6.2f} {told:>15}"
            )
    print(await first_likes(likes, bare_s))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await store.close()


async def main(folder: Path, seconds: float) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        Path(place).chmod(0o711)  # PostgreSQL runs as another user than root
        file = Path(place) / "cloud.sqlite3"
        await measure(
            "SQLite",
            database_of(str(file)).store(),
            lambda: bare_sqlite(file, seconds / 2),
            seconds,
        )
        tempfile.tempdir = place
        server = Server(durable=True)
        try:
            with server.database() as url:
                await measure(
                    "PostgreSQL",
                    database_of(url).store(),
                    lambda: bare_postgresql(url, seconds / 2),
                    seconds,
                )
        finally:
            server.remove()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure")
    parser.add_argument(
        "--folder", type=Path, default=Path("/var/tmp"), help="on the disk to be measured"
    )
    options = parser.parse_args()
    asyncio.run(main(options.folder, options.seconds))
