"""50,000 likes a second of one kitchen: its device has one reply a second, by the virtual clock."""

import asyncio
import itertools
import random
from pathlib import Path

import pytest

from support.cloud import KID, Site, serving
from support.virtual import run_virtual, virtual_now

LIKES_PER_S = 50_000
STORM_S = 10
STEP_S = 0.05
BATCHES = 50
"""In each step, all of the same size."""


def test_a_device_has_one_reply_a_second_and_each_like_is_told_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        rng, loop = random.Random(1), asyncio.get_running_loop()
        told: list[tuple[float, int]] = []

        async def device(site: Site) -> None:
            cursor = None
            while True:
                reply = await site.poll(cursor, wait=25 if cursor else 0)
                cursor, likes = reply.body["cursor"], reply.body["likes"]
                if likes["delta"]:
                    told.append((loop.time(), likes["delta"]))
                # The floor between two polls, and a line that takes its time.
                await asyncio.sleep(0.2 + rng.uniform(0, 0.2))

        async with serving(
            tmp_path / "cloud.db", now=virtual_now(), unix=tmp_path / "socket"
        ) as site:
            polling = asyncio.create_task(device(site))
            await asyncio.sleep(3)
            began = loop.time()
            for step in range(round(STORM_S / STEP_S)):
                for n in range(BATCHES):
                    taps = round(LIKES_PER_S * STEP_S / BATCHES)
                    site.cloud.likes.add(KID, f"{step} {n}", taps, 0, f"viewer {n}")
                await asyncio.sleep(STEP_S)
            await asyncio.sleep(2)
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)

        gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(told)]
        assert gaps == pytest.approx([1.0] * STORM_S, abs=0.01)
        assert told[0][0] - began < STEP_S, "the first is at once"
        assert sum(delta for _, delta in told) == LIKES_PER_S * STORM_S

    run_virtual(scenario())
