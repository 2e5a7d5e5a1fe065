"""When the device reports to the cloud, and what it sends again until the cloud has it."""

import asyncio
import itertools
import random
from contextlib import suppress
from pathlib import Path

import pytest

from likelight.appreciation.sync.client import CloudBusy, CloudError, DeviceRefused, Unreachable
from likelight.contract import Cause, State, Status, StatusReply
from support.chances import Longest, Shortest
from support.device import CODES, Device
from support.scripted_cloud import LATENCY_S, ScriptedCloud
from support.virtual import run_virtual, virtual_now


class DeafCloud(ScriptedCloud):
    """Answers polls, but fails on reports while `deaf` is set; `heard` are the attempts."""

    deaf: CloudError | None = None
    heard: list[float]

    async def status(self, status: Status) -> StatusReply:
        self.heard = [*getattr(self, "heard", []), asyncio.get_running_loop().time()]
        if self.deaf is not None:
            raise self.deaf
        return await super().status(status)


def test_a_heartbeat_goes_out_every_minute_give_or_take(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(3600)
            posts = cloud.statuses[2:]
            pauses = [b - a for (a, _), (b, _) in itertools.pairwise(posts)]
            assert all(47.9 < pause < 72.1 for pause in pauses)
            assert max(pauses) - min(pauses) > 10
            assert [status.n for _, status in posts] == list(range(3, len(posts) + 3))
            assert len({status.boot_id for _, status in posts}) == 1
            last = posts[-1][1]
            assert last.simulated
            assert last.applied_version == 1
            assert last.health.disk_free_mb is not None
            assert (last.health.uptime_s or 0) > 3400
            assert last.cursor is not None
            assert abs(last.health.clock_skew_ms or 10_000) < 1000
            assert last.health.findings == ()

    run_virtual(scenario())


@pytest.mark.parametrize(("rng", "pause"), [(Shortest(), 48), (Longest(), 72)])
def test_a_heartbeat_is_a_minute_less_or_more_a_fifth(
    tmp_path: Path, rng: random.Random, pause: float
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now, rng=rng).living():
            await asyncio.sleep(600)
            posts = [at for at, _ in cloud.statuses[2:]]
            pauses = [b - a for a, b in itertools.pairwise(posts)]
            assert len(pauses) >= 5
            assert pauses == pytest.approx([pause] * len(pauses), abs=3 * LATENCY_S)

    run_virtual(scenario())


def test_nothing_is_reported_before_the_first_answer_to_a_poll(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = DeafCloud(now)
        cloud.fail(Unreachable("the line is cut"))
        cloud.heard = []
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(600)
            assert cloud.asked
            assert cloud.heard == []
            cloud.fail(None)
            await asyncio.sleep(61)
            assert cloud.statuses

    run_virtual(scenario())


def test_a_cloud_that_has_forgotten_the_poll_hears_the_report_after_the_next_one(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.restart()
            device.turn(State.PRIVATE)
            await asyncio.sleep(30)
            assert cloud.camera_state == State.PRIVATE

    run_virtual(scenario())


def test_changes_go_out_at_once_and_then_once_a_second(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            before = len(cloud.statuses)
            for _ in range(100):
                cloud.like()
                await asyncio.sleep(0.1)
                if device.window.likes_lit:
                    device.window.lit(1, now())
            await asyncio.sleep(2)
            posts = [at for at, _ in cloud.statuses[before:]]
            assert posts[0] - device.diary.at("lit")[0] < 0.02
            assert all(b - a > 0.99 for a, b in itertools.pairwise(posts))
            assert 9 <= len(posts) <= 13

    run_virtual(scenario())


def test_a_second_change_is_reported_a_second_after_the_first(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            first_at = asyncio.get_running_loop().time()
            before = len(cloud.statuses)
            for _ in range(4):
                device.window.lit(0, now())
                await asyncio.sleep(0.2)
            await asyncio.sleep(5)
            posts = [at - first_at for at, _ in cloud.statuses[before:]]
            assert posts == pytest.approx([0, 1], abs=3 * LATENCY_S)

    run_virtual(scenario())


def test_the_camera_s_state_waits_for_no_pace(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            states = [State.PRIVATE, State.IDLE, State.LIVE, State.FAULT]
            for state in states:
                device.turn(state)
                await asyncio.sleep(0.1)
            told = [status.camera for _, status in cloud.statuses[-4:]]
            assert [report.state for report in told] == states
            assert told[-1].cause is Cause.BUTTON

    run_virtual(scenario())


def test_receipts_are_repeated_until_they_are_acknowledged(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = DeafCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.deaf = Unreachable("the line is cut")
            first = cloud.note("heroes")
            await asyncio.sleep(10)
            second = cloud.note("hello")
            await asyncio.sleep(600)
            assert cloud.shown == {}
            cloud.deaf = None
            cloud.lose_replies = 1
            device.thanks.press()
            await asyncio.sleep(70)
            carried = [
                [receipt.id for receipt in status.notes]
                for _, status in cloud.statuses
                if status.notes
            ]
            assert carried == [[first, second]] * 2
            assert set(cloud.thanked) == {first, second}
            assert cloud.shown[first] < cloud.shown[second] < cloud.thanked[first]

    run_virtual(scenario())


def test_many_receipts_go_out_in_posts_that_fit(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(10)
            notes = [cloud.note(CODES[0]) for _ in range(250)]
            await asyncio.sleep(30)
            assert set(cloud.shown) == set(notes)
            assert all(len(status.model_dump_json()) < 16 * 1024 for _, status in cloud.statuses)

    run_virtual(scenario())


def test_failing_reports_back_off_and_a_button_tries_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = DeafCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.deaf = Unreachable("the line is cut")
            await asyncio.sleep(3600)
            assert len(cloud.heard) < 250
            attempts = len(cloud.heard)
            device.turn(State.PRIVATE)
            await asyncio.sleep(0.01)
            assert len(cloud.heard) == attempts + 1

    run_virtual(scenario())


def test_a_busy_or_refusing_cloud_is_left_in_peace(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = DeafCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            for deaf, least, most in ((CloudBusy(30), 30, 61), (DeviceRefused(401), 300, 901)):
                cloud.deaf = deaf
                device.turn(State.LIVE)
                device.turn(State.IDLE)
                before = len(cloud.heard)
                await asyncio.sleep(3600)
                pauses = [b - a for a, b in itertools.pairwise(cloud.heard[before + 1 :])]
                assert all(least <= pause <= most for pause in pauses)
                cloud.deaf = None
                await asyncio.sleep(1000)

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("deaf", "rng", "pauses"),
    [
        *((DeviceRefused(status), Shortest(), [300] * 3) for status in (401, 403, 404)),
        *((DeviceRefused(status), Longest(), [900] * 3) for status in (401, 403, 404)),
        (CloudBusy(30), Shortest(), [30] * 3),
        (CloudBusy(30), Longest(), [60] * 3),
        (Unreachable("the line is cut"), Longest(), [1, 2, 4, 8, 16, 32, 60, 60]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, random.Random) else str(value),
)
def test_a_report_s_pauses_are_kept_to_the_second(
    tmp_path: Path, deaf: CloudError, rng: random.Random, pauses: list[float]
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = DeafCloud(now)
        async with Device(tmp_path / "device.db", cloud, now, rng=rng).living() as device:
            await asyncio.sleep(10)
            cloud.deaf = deaf
            before = len(cloud.heard)
            device.turn(State.LIVE)
            await asyncio.sleep(sum(pauses) + 0.5)
            tries = cloud.heard[before:]
            assert [b - a for a, b in itertools.pairwise(tries)] == pytest.approx(pauses, abs=0.02)

    run_virtual(scenario())


def test_no_press_makes_a_refused_device_report_sooner(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = DeafCloud(now)
        async with Device(tmp_path / "device.db", cloud, now, rng=Shortest()).living() as device:
            await asyncio.sleep(10)
            cloud.deaf = DeviceRefused(401)
            device.turn(State.LIVE)
            await asyncio.sleep(1)
            refused = len(cloud.heard)
            for press in range(58):
                device.turn((State.PRIVATE, State.LIVE)[press % 2])
                device.thanks.press()
                await asyncio.sleep(5)
            assert len(cloud.heard) == refused, "290 s of presses, and not one more report"
            await asyncio.sleep(15)
            assert len(cloud.heard) == refused + 1

    run_virtual(scenario())


def test_after_an_outage_the_report_does_not_wait_for_its_back_off(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.fail(Unreachable("the line is cut"))
            await asyncio.sleep(3600)
            cloud.fail(None)
            told = len(cloud.statuses)
            await asyncio.sleep(61)
            connected_at = device.diary.at("connection")[-1]
            assert cloud.statuses[told][0] <= connected_at + 0.1

    run_virtual(scenario())


def test_the_cloud_learns_of_privacy_at_once_though_the_lamp_fails(tmp_path: Path) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("the lamp is gone")

    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            device.lamp.set_base = fail  # type: ignore[method-assign]
            with suppress(RuntimeError):
                device.turn(State.PRIVATE)
            await asyncio.sleep(0.2)
            assert cloud.statuses[-1][1].camera.state is State.PRIVATE
            assert device.window.screen.screen == "private"

    run_virtual(scenario())
