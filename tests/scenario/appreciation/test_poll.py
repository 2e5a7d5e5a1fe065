"""What each answer of the cloud means for the next poll, second by second."""

import asyncio
import itertools
import random
from pathlib import Path

import pytest

from likelight.appreciation.lamp.effects import Base
from likelight.appreciation.sync.client import (
    BadCursor,
    CloudBusy,
    CloudError,
    DeviceRefused,
    NewTimeLine,
    Superseded,
    Unreachable,
)
from likelight.appreciation.sync.connection import CloudConnection
from likelight.contract import Events, Next
from likelight.runtime.backoff import Backoff
from likelight.runtime.clock import loop_time
from support.chances import Longest, Shortest
from support.device import Device
from support.scripted_cloud import LATENCY_S, ScriptedCloud, gaps
from support.virtual import run_virtual, virtual_now


def test_the_first_question_does_not_wait_and_the_next_are_held(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(120)
            assert cloud.asked[0][1:] == (None, 0)
            assert [wait for _, _, wait in cloud.asked[1:]] == [25] * (len(cloud.asked) - 1)
            assert all(gap >= 25 for gap in gaps(cloud, cloud.asked[1][0]))
            assert device.connections == [CloudConnection.CONNECTED]

    run_virtual(scenario())


def test_a_cloud_that_starts_a_second_later_is_found_within_two_more(tmp_path: Path) -> None:
    async def scenario(seed: int) -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        cloud.fail(Unreachable("connection refused"))
        path = tmp_path / f"{seed}.db"
        async with Device(path, cloud, now, seed=seed).living() as device:
            await asyncio.sleep(1)
            assert len(cloud.asked) >= 3
            cloud.fail(None)
            await asyncio.sleep(2)
            assert device.connections == [CloudConnection.CONNECTED]

    for seed in range(5):
        run_virtual(scenario(seed))


def test_an_outage_is_answered_by_full_jitter_up_to_a_minute_and_then_each_minute(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(10)
            cloud.fail(Unreachable("the line is cut"))
            cut_at = loop_time()
            await asyncio.sleep(4 * 3600)
            pauses = gaps(cloud, cut_at)
            for n, pause in enumerate(pauses):
                assert pause <= min(60, 2 ** (n + 1)) + LATENCY_S + 1e-6
            assert 240 < len(pauses) < 260
            assert pauses[10:] == pytest.approx([60] * len(pauses[10:]), abs=0.01)

    run_virtual(scenario())


def test_offline_is_said_after_90_s_and_taken_back_with_the_next_answer(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.fail(Unreachable("the line is cut"))
            heard_at = cloud.asked[-1][0] - 0.2
            await asyncio.sleep(95)
            assert device.connections == [CloudConnection.CONNECTED, CloudConnection.OFFLINE]
            offline_at = device.diary.at("connection")[-1]
            assert offline_at - heard_at == pytest.approx(90, abs=0.01)
            assert " ".join(device.window.screen.text).startswith("No internet.")
            assert device.diary.of("base")[-1] is Base.OFFLINE
            cloud.fail(None)
            asked = len(cloud.asked)
            while len(cloud.asked) == asked:
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.2)
            assert device.connections[-1] is CloudConnection.CONNECTED
            await asyncio.sleep(5)
            assert device.window.screen.screen == "idle"
            assert device.diary.of("base")[-1] is Base.QUIET

    run_virtual(scenario())


def test_a_cloud_that_never_answers_is_offline_after_90_s_too(tmp_path: Path) -> None:
    class BlackHole(ScriptedCloud):
        async def events(
            self, cursor: str | None, dv: int, wait: int, boot_id: str | None = None
        ) -> Events:
            await asyncio.sleep(wait + 10)
            raise Unreachable("no answer")

    async def scenario() -> None:
        now = virtual_now()
        started = loop_time()
        async with Device(tmp_path / "device.db", BlackHole(now), now).living() as device:
            await asyncio.sleep(100)
            [offline_at] = device.diary.at("connection")
            assert offline_at - started == pytest.approx(90, abs=0.1)

    run_virtual(scenario())


@pytest.mark.parametrize(
    "fault",
    [
        Unreachable("the line is cut"),
        CloudBusy(0),
        CloudBusy(7),
        CloudBusy(3600),
        NewTimeLine(None),
        BadCursor("not this one"),
    ],
    ids=lambda fault: f"{type(fault).__name__}-{getattr(fault, 'retry_after', '')}",
)
def test_without_a_good_reply_demand_ends_after_40_s_and_90_s_are_offline_whatever_the_reason(
    tmp_path: Path, fault: CloudError
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.watch(True, "3-9")
            await asyncio.sleep(0.1)
            assert device.window.watched
            heard_at = loop_time() - 0.1
            cloud.fail(fault)
            await asyncio.sleep(39.8)
            assert device.window.watched
            await asyncio.sleep(0.3)
            assert not device.window.viewers.watching
            assert device.connections == [CloudConnection.CONNECTED]
            await asyncio.sleep(55)
            assert device.connections == [CloudConnection.CONNECTED, CloudConnection.OFFLINE]
            offline_at = device.diary.at("connection")[-1]
            assert offline_at - heard_at == pytest.approx(90, abs=0.1)

    run_virtual(scenario())


def test_a_cloud_that_asks_for_an_hour_of_patience_is_offline_and_nobody_watches_there(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        cloud.next = Next(wait=0, not_before_ms=3_600_000)
        cloud.watch(True)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(39)
            assert device.window.watched
            await asyncio.sleep(2)
            assert not device.window.watched
            await asyncio.sleep(50)
            assert device.connections == [CloudConnection.CONNECTED, CloudConnection.OFFLINE]

    run_virtual(scenario())


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_device_says_so_and_asks_every_5_to_15_minutes(
    tmp_path: Path, status: int
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.fail(DeviceRefused(status))
            refused_at = loop_time()
            await asyncio.sleep(6 * 3600)
            assert device.connections == [CloudConnection.CONNECTED, CloudConnection.REFUSED]
            pauses = gaps(cloud, refused_at)
            assert all(300 <= pause <= 901 for pause in pauses)
            assert 24 <= len(pauses) <= 72
            assert device.window.screen.screen == "status"
            cloud.fail(Unreachable("the line is cut"))
            await asyncio.sleep(3600)
            assert device.connections == [CloudConnection.CONNECTED, CloudConnection.REFUSED]
            cloud.fail(None)
            await asyncio.sleep(100)
            assert device.connections == [
                CloudConnection.CONNECTED,
                CloudConnection.REFUSED,
                CloudConnection.CONNECTED,
            ]

    run_virtual(scenario())


def test_a_superseded_device_waits_a_minute_and_raises_a_fault(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.fail(Superseded("a cloned card"))
            superseded_at = loop_time()
            await asyncio.sleep(600)
            assert device.connections == [CloudConnection.CONNECTED, CloudConnection.SUPERSEDED]
            assert all(60 <= pause <= 76 for pause in gaps(cloud, superseded_at))
            assert device.window.screen.screen == "status"

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("refusal", "says", "code", "then"),
    [
        (DeviceRefused(401), CloudConnection.REFUSED, "C1", CloudConnection.REFUSED),
        (DeviceRefused(404), CloudConnection.REFUSED, "C1", CloudConnection.REFUSED),
        (Superseded("a cloned card"), CloudConnection.SUPERSEDED, "C2", CloudConnection.OFFLINE),
    ],
    ids=str,
)
def test_a_refusal_is_offline_after_90_s_as_well_and_the_panel_keeps_to_its_words(
    tmp_path: Path,
    refusal: CloudError,
    says: CloudConnection,
    code: str,
    then: CloudConnection,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            window = device.window
            await asyncio.sleep(10)
            cloud.watch(True, "3-9")
            await asyncio.sleep(0.1)
            cloud.fail(refusal)
            await asyncio.sleep(39.8)
            assert window.viewers.watching
            await asyncio.sleep(0.3)
            assert not window.viewers.watching, "a refusal is not a word of viewers"
            await asyncio.sleep(49.6)
            assert not window.offline
            await asyncio.sleep(0.4)
            assert window.offline
            assert window.connection is says, "what the crew can act on, and no camera meanwhile"
            await asyncio.sleep(3600)
            assert window.offline
            assert window.connection is says
            assert f"code {code}." in " ".join(window.screen.text)
            cloud.fail(Unreachable("the line is cut"))
            await asyncio.sleep(1000)
            assert window.offline
            assert window.connection is then
            cloud.fail(None)
            await asyncio.sleep(1000)
            assert not window.offline
            assert window.connection is CloudConnection.CONNECTED

    run_virtual(scenario())


def test_a_busy_cloud_gets_the_time_it_asks_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.fail(CloudBusy(7))
            busy_at = loop_time()
            await asyncio.sleep(600)
            pauses = gaps(cloud, busy_at)
            assert all(7 <= pause <= 14 + 2 * LATENCY_S for pause in pauses)
            assert max(pauses) - min(pauses) > 3
            assert device.connections == [CloudConnection.CONNECTED, CloudConnection.OFFLINE]

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("fault", "rng", "pause"),
    [
        *((DeviceRefused(status), Shortest(), 300) for status in (401, 403, 404)),
        *((DeviceRefused(status), Longest(), 900) for status in (401, 403, 404)),
        (Superseded("a cloned card"), Shortest(), 60),
        (Superseded("a cloned card"), Longest(), 75),
        (CloudBusy(7), Shortest(), 7),
        (CloudBusy(7), Longest(), 14),
        (CloudBusy(3600), Longest(), 7200),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, random.Random) else str(value),
)
def test_the_contract_s_pauses_are_kept_to_the_second(
    tmp_path: Path, fault: CloudError, rng: random.Random, pause: float
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now, rng=rng).living():
            await asyncio.sleep(10)
            cloud.fail(fault)
            failed_at = loop_time()
            await asyncio.sleep(3.5 * pause)
            asked = [at for at, _, _ in cloud.asked if at > failed_at]
            pauses = [b - a for a, b in itertools.pairwise([failed_at, *asked])]
            assert pauses == pytest.approx([pause] * 3, abs=2 * LATENCY_S)

    run_virtual(scenario())


def test_an_outage_doubles_the_longest_pause_from_a_second_to_a_minute(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now, rng=Longest()).living():
            await asyncio.sleep(10)
            cloud.fail(Unreachable("the line is cut"))
            cut_at = loop_time()
            await asyncio.sleep(250)
            asked = [at for at, _, _ in cloud.asked if at > cut_at]
            pauses = [b - a for a, b in itertools.pairwise([cut_at, *asked])]
            assert pauses == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60], abs=2 * LATENCY_S)

    run_virtual(scenario())


def test_the_shortest_pause_in_an_outage_is_none_at_all_until_one_was_drawn_from_a_minute() -> None:
    backoff = Backoff(Shortest())
    assert [backoff.next() for _ in range(10)] == [0] * 7 + [60] * 3


@pytest.mark.parametrize(("silent_s", "gesture"), [(59, "likes"), (61, "welcome back")])
def test_what_a_minute_without_a_reply_left_over_is_one_gesture(
    tmp_path: Path, silent_s: int, gesture: str
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.next = Next(wait=0, not_before_ms=1000 * silent_s)
            cloud.note("hello")
            await asyncio.sleep(5)
            cloud.like(3)
            await asyncio.sleep(silent_s)
            assert device.gestures == [(3, 3)]
            assert device.diary.of(gesture) == [(3, 3)]

    run_virtual(scenario())
