"""When a held poll answers (CONTRACT.md, rule 2)."""

import asyncio
import random
from collections.abc import Callable

from likelight.runtime.clock import Now
from likelight_cloud.kitchens.cursor import Position
from likelight_cloud.kitchens.kitchen import Kitchen, Poll

LOOK_AGAIN_S = 5.0
"""How often a held poll checks that its client is still connected: aiohttp does not say so."""

AT_ONCE = float("-inf")
NEVER = float("inf")


async def hold(
    kitchen: Kitchen,
    poll: Poll,
    position: Position,
    *,
    version: int | None,
    wait: float,
    now: Now,
    rng: random.Random,
    alive: Callable[[], bool],
) -> None:
    """Wait until the poll is to be answered.

    That is when there is something new past `position`, when `wait` seconds less jitter have
    passed, when a newer poll has come, or when `alive` is False: nobody waits for the answer.
    `version` is the device's `dv`.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + wait - rng.uniform(0, wait / 16)
    paced = loop.time() + _pace_left(kitchen, position, now)
    while alive() and not poll.superseded:
        due = min(ends, _due(kitchen, position, version, paced))
        if due <= loop.time():
            return
        await kitchen.wait_for_change(
            min(due, kitchen.next_timed_change(), loop.time() + LOOK_AGAIN_S)
        )


def _pace_left(kitchen: Kitchen, position: Position, now: Now) -> float:
    """Return for how many seconds new likes have to wait, at most one pace: the clock that wrote
    the cursor may have been set back since."""
    pace_ms = kitchen.record.desired.pace_ms
    return min(position.likes_ms + pace_ms - now().timestamp() * 1000, pace_ms) / 1000


def _due(kitchen: Kitchen, position: Position, version: int | None, paced: float) -> float:
    """Return the loop time at which there will be something to answer, if nothing changes."""
    record = kitchen.record
    if record.head > position.seq:
        return AT_ONCE
    if version is not None and record.desired.version != version:
        return AT_ONCE
    if kitchen.viewers().watching != position.watching:
        return AT_ONCE
    return paced if record.likes_total > position.total else NEVER
