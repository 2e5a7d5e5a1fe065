"""A flood of likes and notes: what the lamp, the panel and the card notice of it."""

import asyncio
import itertools
from itertools import pairwise
from pathlib import Path

from support.device import CODES, Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now
from support.watched_store import after_a_power_cut

HONEST = CODES[7]


async def flood(cloud: ScriptedCloud, *, seconds: int, notes: int, likes: int) -> str:
    """Send so many notes of three kinds and likes; return another's note from amid them."""
    honest = ""
    for second in range(seconds):
        for n in range(notes * second // seconds, notes * (second + 1) // seconds):
            cloud.note(CODES[n % 3])
        cloud.like(likes * (second + 1) // seconds - likes * second // seconds)
        if second == seconds // 2:
            honest = cloud.note(HONEST)
        await asyncio.sleep(1)
    return honest


def commits(device: Device, since: float, what: str | None = None) -> list[float]:
    return [
        entry.at
        for entry in device.diary
        if entry.what == "committed" and entry.at > since and what in (None, entry.value)
    ]


def seconds_until_shown(cloud: ScriptedCloud, note: str) -> float:
    sent = next(known.created_at for known in cloud.notes if known.id == note)
    return (cloud.shown[note] - sent).total_seconds()


def test_what_a_kitchen_takes_of_a_flood_is_sixty_commits_a_minute_at_most(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            began = asyncio.get_running_loop().time()
            # The ceilings of the contract: 1,000 likes a second, 60 notes and 20 more a minute.
            for n in range(60):
                cloud.note(CODES[n % 3])
            honest = await flood(cloud, seconds=1000, notes=330, likes=1_000_000)
            await asyncio.sleep(20)
            assert device.window.likes_lit == 1_000_000
            assert seconds_until_shown(cloud, honest) < 40
            made = commits(device, began)
            minutes = [sum(at <= other < at + 60 for other in made) for at in made]
            assert max(minutes) <= 60

    run_virtual(scenario())


def test_in_a_flood_each_second_has_one_durable_transaction_at_most(tmp_path: Path) -> None:
    """Also while the crew thanks and presses PRIVACY, which waits for nothing, again and again,
    over a restart of the device and one of the cloud in each life."""

    async def crew(device: Device, by_privacy: list[float]) -> None:
        clock = asyncio.get_running_loop().time
        for n in itertools.count():
            await asyncio.sleep(2.17)  # so that the presses fall at ever other places in a second
            device.thanks.press()
            if n % 3 == 0:
                pressed_at = clock()
                await device.store.set_private(n % 2 == 0)
                assert clock() - pressed_at < 0.01, "it is on the disk at once"
                by_privacy += [at for at in device.store.file.durable if at >= pressed_at]

    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        cloud.most_notes = 100
        clock = asyncio.get_running_loop().time
        for seed in range(2):
            device = Device(tmp_path / "device.db", cloud, now, seed=seed)
            by_privacy: list[float] = []
            async with device.living(), asyncio.TaskGroup() as group:
                await asyncio.sleep(10)
                began = clock()
                pressing = group.create_task(crew(device, by_privacy))
                await flood(cloud, seconds=60, notes=2_500, likes=250_000)
                cloud.restart()
                await flood(cloud, seconds=60, notes=2_500, likes=250_000)
                pressing.cancel()
                made = [at for at in device.store.file.durable if at > began]
                ordinary = [at for at in made if at not in by_privacy]
            assert {entry.value for entry in device.diary if entry.what == "committed"} == {
                "keep",
                "shown",
                "thanks",
            }
            assert len(by_privacy) > 15
            assert len(ordinary) > 60, "there was enough to store"
            assert all(b - a > 0.999 for a, b in pairwise(ordinary))

    run_virtual(scenario())


def test_in_a_flood_thanks_are_answered_and_told_at_once_and_on_the_disk_within_a_second(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        cloud.most_notes = 100
        async with (
            Device(tmp_path / "device.db", cloud, now).living() as device,
            asyncio.TaskGroup() as group,
        ):
            flooding = group.create_task(flood(cloud, seconds=60, notes=10_000, likes=1_000_000))
            await asyncio.sleep(10)
            for _ in range(8):
                await asyncio.sleep(4.03)
                before = await device.store.thanks()
                device.thanks.press()
                await asyncio.sleep(0.1)  # a letting go is believed after 50 ms
                thanks = await device.store.thanks()
                assert thanks != before
                assert device.window.screen.screen == "thanks"
                assert cloud.statuses[-1][1].thanks == thanks
                await asyncio.sleep(1)
                async with after_a_power_cut(device.store) as left:
                    assert await left.thanks() == thanks
            flooding.cancel()

    run_virtual(scenario())


def test_in_a_flood_lamp_and_panel_keep_their_pace_also_in_ordinary_hours(tmp_path: Path) -> None:
    """Each words are on the panel for their time, one after the other; the lamp glows at most once
    a second; and when the flood has ended, both come to rest."""

    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            began = asyncio.get_running_loop().time()
            await flood(cloud, seconds=600, notes=10_000, likes=1_000_000)
            notes = [at for at in device.diary.at("note on the panel") if at > began]
            assert len(notes) > 60
            assert all(b - a > 3.9 for a, b in pairwise(notes))
            lit = [at for at in device.diary.at("likes") if at > began]
            assert all(b - a > 0.99 for a, b in pairwise(lit))
            assert device.window.likes_lit > 990_000
            await asyncio.sleep(1200)
            now_s = asyncio.get_running_loop().time()
            assert device.window.likes_lit == 1_000_000
            assert device.window.screen.screen == "idle"
            assert device.diary.at("note on the panel")[-1] < now_s - 60
            assert device.lights.history[-1][0] < now_s - 60, "the lamp does not move any more"

    run_virtual(scenario())


def test_a_cloud_that_holds_nobody_back_changes_neither_the_lamp_s_pace_nor_another_s_note(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        cloud.most_notes = 100
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            began = asyncio.get_running_loop().time()
            honest = await flood(cloud, seconds=60, notes=10_000, likes=1_000_000)
            await asyncio.sleep(120)
            lit = [at for at in device.diary.at("likes") if at > began]
            assert all(b - a > 0.99 for a, b in pairwise(lit))
            assert sum(delta for delta, _ in device.gestures) == 1_000_000
            assert seconds_until_shown(cloud, honest) < 120
            assert len(commits(device, began)) <= 180

    run_virtual(scenario())


def test_a_flood_in_quiet_hours_wakes_nobody_and_keeps_no_other_words_out(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        cloud.most_notes = 100
        device = Device(tmp_path / "device.db", cloud, now, quiet=lambda: True)
        async with device.living():
            await asyncio.sleep(10)
            honest = await flood(cloud, seconds=60, notes=10_000, likes=0)
            await asyncio.sleep(60)
            assert device.diary.of("note on the panel") == []
            waiting = await device.store.waiting()
            assert len(waiting) == 1001
            assert waiting[-1].id == honest
            device.thanks.press()
            await asyncio.sleep(60)
            assert honest in cloud.shown

    run_virtual(scenario())


def test_notes_that_have_expired_keep_no_new_one_out(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        cloud.most_notes = 100
        device = Device(tmp_path / "device.db", cloud, now, quiet=lambda: True)
        async with device.living():
            await asyncio.sleep(10)
            for _ in range(1000):
                cloud.note(HONEST)
            await asyncio.sleep(12 * 3600 - 60)
            early = cloud.note(HONEST)
            await asyncio.sleep(120)
            assert early not in {note.id for note in await device.store.waiting()}
            honest = cloud.note(HONEST)
            await asyncio.sleep(10)
            assert [note.id for note in await device.store.waiting()] == [honest]
            device.thanks.press()
            await asyncio.sleep(30)
            assert set(cloud.shown) == {honest}

    run_virtual(scenario())
