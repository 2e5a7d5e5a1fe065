"""How long /fleet takes with a thousand kitchens, beside one kitchen, and the fleet's report."""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from likelight.contract import Status
from support.cloud import status
from support.desk import HEALTHY, TOKEN, Desk, desk_of, ten_weeks


async def fill(desk: Desk, kitchens: int) -> None:
    """Let so many kitchens report; each tenth needs somebody, each hundredth has a report."""
    store, at = desk.store, desk.clock.at
    for n in range(kitchens):
        kid = f"store-{n:04}"
        await store.add_kitchen(kid, f"Store {n}", at)
        health = {**HEALTHY, "temp_c": 85.0 if n % 10 == 0 else 60.0}
        await store.put_status(kid, Status.model_validate(status(health=health)), at)
        if n % 100 == 0:
            await ten_weeks(store, kid, at)


async def seconds(desk: Desk, path: str, rounds: int) -> float:
    """Return the median time to a page, gzipped, in s."""
    async with desk.session.post(
        "/fleet/login", data={"token": TOKEN}, allow_redirects=False
    ) as reply:
        headers = {"Cookie": reply.headers["Set-Cookie"].partition(";")[0]}
    taken: list[float] = []
    for _ in range(rounds):
        begins = time.monotonic()
        async with desk.session.get(path, headers=headers) as reply:
            assert reply.status == 200
            await reply.read()
        taken.append(time.monotonic() - begins)
    return statistics.median(taken)


async def main(kitchens: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with desk_of(f"{folder}/cloud.db") as desk:
            one = await seconds(desk, "/fleet?show=all", rounds)
            await fill(desk, kitchens)
            for path in ("/fleet?show=all", "/fleet", "/v1/fleet/kitchens", "/fleet/report"):
                took = await seconds(desk, path, rounds)
                print(f"{path}, {kitchens} kitchens: {took:.3f} s, {took / one:.0f} times one's")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kitchens", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    asyncio.run(main(options.kitchens, options.rounds))
