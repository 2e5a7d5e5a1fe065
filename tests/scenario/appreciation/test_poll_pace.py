"""How often a device asks, whatever the cloud or a cache answers, and how often it writes."""

import asyncio
from pathlib import Path

import pytest

from likelight.contract import Events, Next
from likelight.runtime.clock import loop_time
from support.device import CODES, Device
from support.scripted_cloud import LATENCY_S, ScriptedCloud, gaps
from support.virtual import run_virtual, virtual_now


def test_a_long_list_of_notes_is_fetched_as_fast_as_one_commit_a_second_allows(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(10)
            asked = len(cloud.asked)
            notes = [cloud.note(code) for code in CODES[:2] * 35]
            sent_at = asyncio.get_running_loop().time()
            await asyncio.sleep(7.2)
            assert [wait for _, _, wait in cloud.asked[asked : asked + 4]] == [0, 0, 0, 25]
            at = [at - sent_at for at, _, _ in cloud.asked[asked : asked + 4]]
            assert at == pytest.approx([1, 3, 4, 6], abs=0.1), (
                "at 0 and 4 s a note came to the panel, which is a commit, too"
            )
            await asyncio.sleep(20)
            assert set(cloud.shown) == set(notes)

    run_virtual(scenario())


def test_the_cloud_s_wishes_for_the_next_question_are_followed(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        cloud.next = Next(wait=5, not_before_ms=3000)
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(60)
            assert [wait for _, _, wait in cloud.asked] == [0] + [5] * (len(cloud.asked) - 1)
            assert all(gap >= 7.99 for gap in gaps(cloud, cloud.asked[1][0]))

    run_virtual(scenario())


def test_a_cloud_that_does_not_hold_its_replies_is_not_hammered(tmp_path: Path) -> None:
    class Hasty(ScriptedCloud):
        async def events(
            self, cursor: str | None, dv: int, wait: int, boot_id: str | None = None
        ) -> Events:
            return await super().events(cursor, dv, 0, boot_id)

    async def scenario() -> None:
        now = virtual_now()
        cloud = Hasty(now)
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(60)
            assert len(cloud.asked) < 130

    run_virtual(scenario())


class Cache(ScriptedCloud):
    """Hands out its first reply for ever, as an HTTP cache on the way does."""

    first: Events | None = None

    async def events(
        self, cursor: str | None, dv: int, wait: int, boot_id: str | None = None
    ) -> Events:
        if self.first is None:
            self.first = await super().events(cursor, dv, 0, boot_id)
            return self.first
        self.asked.append((loop_time(), cursor, wait))
        await asyncio.sleep(LATENCY_S)
        return self.first


@pytest.mark.parametrize("next_", [Next(), Next(wait=0)])
def test_a_cache_that_repeats_one_reply_is_asked_once_a_second_and_spares_the_card(
    tmp_path: Path, next_: Next
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = Cache(now)
        cloud.next = next_
        note = cloud.note("heroes")
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(5)
            before = len(commits(device))
            await asyncio.sleep(60)
            assert 55 <= len(cloud.asked) <= 130
            assert len(commits(device)) <= before + 1
            assert [shown.id for shown in device.window.notes_shown] == [note]

    run_virtual(scenario())


@pytest.mark.parametrize("next_", [Next(wait=0), Next(wait=30)])
def test_no_question_comes_sooner_than_200_ms_after_a_reply(tmp_path: Path, next_: Next) -> None:
    class Instant(ScriptedCloud):
        """Has a new like at each question, and answers at once."""

        async def events(
            self, cursor: str | None, dv: int, wait: int, boot_id: str | None = None
        ) -> Events:
            self.total += 1
            return await super().events(None, dv, 0, boot_id)

    async def scenario() -> None:
        now = virtual_now()
        cloud = Instant(now)
        cloud.next = next_
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(20)
            assert min(gaps(cloud, 0)) >= 0.2
            assert len(cloud.asked) <= 100

    run_virtual(scenario())


def commits(device: Device) -> list[float]:
    return [
        entry.at for entry in device.diary if entry.what == "committed" and entry.value == "keep"
    ]


def test_the_card_is_spared(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(60)
            before = len(commits(device))
            await asyncio.sleep(6 * 3600)
            assert len(commits(device)) == before
            for _ in range(600):
                cloud.like()
                await asyncio.sleep(0.1)
            await asyncio.sleep(30)
            assert len(commits(device)) - before <= 4
            first_like = device.diary.at("likes")[0]
            assert commits(device)[before] - first_like <= 30

    run_virtual(scenario())
