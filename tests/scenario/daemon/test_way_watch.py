"""What lies between a device and its cloud is looked at again and again, in virtual time."""

import asyncio
from itertools import chain, repeat
from pathlib import Path

from likelight.appreciation.obstacle import Obstacle
from likelight.config.pairing import drop_refusal, keep_refusal
from likelight.daemon.way_watch import WayWatch
from likelight.runtime.network_manager import Link
from support.virtual import run_virtual


def watched(folder: Path, *seen: Link | None) -> list[tuple[Link | None, Obstacle | None]]:
    """Return each change that a device tells which sees these links, and then the last for ever."""
    looks = chain(seen, repeat(seen[-1]))
    told: list[tuple[Link | None, Obstacle | None]] = []

    async def scenario() -> None:
        way = WayWatch(
            folder,
            connected=lambda: False,
            ask_link=lambda: next(looks),
            on_change=lambda: told.append((way.link, way.code)),
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(way.run())
            await asyncio.sleep(10 * len(seen) + 5)
            running.cancel()

    run_virtual(scenario())
    return told


def test_a_trouble_counts_once_it_was_seen_twice_and_a_link_that_is_up_at_once(
    tmp_path: Path,
) -> None:
    refused, unseen = Link.WIFI_REFUSED, Link.WIFI_UNSEEN
    assert watched(tmp_path, refused, refused, unseen, Link.JOINING, Link.JOINING, Link.UP) == [
        (refused, None),
        (Link.UP, None),
    ]
    assert watched(tmp_path, refused, unseen, refused, None, None) == []


def test_a_code_that_the_cloud_has_refused_is_told_until_another_was_taken(tmp_path: Path) -> None:
    keep_refusal(tmp_path, Obstacle.CODE_USED)
    assert watched(tmp_path, None) == [(None, Obstacle.CODE_USED)]
    (tmp_path / "refused-code").write_bytes(b"\xff damaged")
    assert watched(tmp_path, None) == []
    drop_refusal(tmp_path)
    assert watched(tmp_path, None) == []


def test_nothing_is_looked_at_while_the_cloud_answers(tmp_path: Path) -> None:
    connected = False
    looks = 0

    def ask() -> Link:
        nonlocal looks
        looks += 1
        return Link.NO_ADDRESS

    async def scenario() -> None:
        nonlocal connected
        way = WayWatch(tmp_path, connected=lambda: connected, ask_link=ask, on_change=lambda: None)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(way.run())
            await asyncio.sleep(25)
            assert way.link is Link.NO_ADDRESS
            connected = True
            await asyncio.sleep(3600)
            assert (way.link, looks) == (None, 3)
            connected = False
            await asyncio.sleep(8)
            assert (way.link, looks) == (None, 4), "seen once in this outage"
            await asyncio.sleep(10)
            assert (way.link, looks) == (Link.NO_ADDRESS, 5)
            running.cancel()

    run_virtual(scenario())
