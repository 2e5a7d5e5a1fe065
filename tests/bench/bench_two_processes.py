"""Two clouds behind nginx, routed by kitchen: one is killed under load. When do its kitchens go on?

The time from kill -9 to the first acknowledged like of each kitchen, whose viewers ask again 0.1 s
after a refusal. PostgreSQL and all viewers are on the same machine.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.postgresql import Server
from support.routed_clouds import RoutedClouds, routed_clouds
from support.viewers_load import Load

AWAY_S = 2


async def first_like(load: Load, killed_at: float) -> float:
    await load.acknowledgement()
    return time.monotonic() - killed_at


async def measure(clouds: RoutedClouds, rounds: int) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        served = await clouds.served_by(session)
        loads = {
            kid: Load(session, f"{clouds.url}/v1/kitchens/{kid}")
            for kids in served.values()
            for kid in kids
        }
        sending = [asyncio.create_task(load.run(viewers=2)) for load in loads.values()]
        took, stayed = [], []
        for number in range(rounds):
            port = clouds.ports[number % 2]
            other = clouds.ports[(number + 1) % 2]
            await asyncio.gather(*(load.acknowledgement() for load in loads.values()))
            await clouds.kill(port)
            killed_at = time.monotonic()
            moved = [first_like(loads[kid], killed_at) for kid in served[port]]
            others = [first_like(loads[kid], killed_at) for kid in served[other]]
            found = await asyncio.gather(*moved, *others)
            took += found[: len(moved)]
            stayed += found[len(moved) :]
            await clouds.start(port)
            await clouds.returned(session, port)
        for load in loads.values():
            load.end()
        await asyncio.gather(*sending)
    twice = sum(load.twice for load in loads.values())
    likes = sum(load.likes for load in loads.values())
    print(f"{rounds} kills, {likes} likes acknowledged, {twice} batches sent again without a word")
    for what, times in (("killed", took), ("other", stayed)):
        print(
            f"first acknowledged like at the kitchens of the {what} cloud: "
            f"median {statistics.median(times):.2f} s, longest {max(times):.2f} s"
        )


async def main(rounds: int) -> None:
    server = Server()
    try:
        with server.database() as database, tempfile.TemporaryDirectory() as folder:
            async with routed_clouds(Path(folder), database, away_s=AWAY_S) as clouds:
                await measure(clouds, rounds)
    finally:
        server.remove()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6, help="how often one is killed")
    asyncio.run(main(parser.parse_args().rounds))
