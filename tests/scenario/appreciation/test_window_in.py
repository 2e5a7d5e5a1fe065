"""A day in the kitchen on the virtual clock: taps become light, notes are read, thanks go back."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from likelight.appreciation.sync.client import Unreachable
from likelight.contract import CameraReport, Cause, Desired, Health, State, Status, StatusReply
from likelight_hw.ports import HardwareError
from support.device import Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now


def test_a_like_lights_the_lamp_and_the_receipt_goes_out_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(100)
            tapped_at = asyncio.get_running_loop().time()
            cloud.like()
            await asyncio.sleep(2)
            assert device.diary.of("likes") == [(1, 1)]
            assert device.diary.at("likes")[0] - tapped_at < 0.02
            assert device.diary.of("lit") == [1]
            assert device.window.likes_lit == 1
            told_at = next(at for at, status in cloud.statuses if status.light.lit_total == 1)
            assert told_at - device.diary.at("lit")[0] < 0.02
            assert device.window.screen.screen == "count"

    run_virtual(scenario())


def test_a_note_is_stored_shown_reported_and_thanked(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            note = cloud.note("heroes")
            await asyncio.sleep(0.1)
            assert device.window.screen.screen == "note"
            assert "heroes" in " ".join(device.window.screen.text)
            await asyncio.sleep(2)
            assert note in cloud.shown
            assert note not in cloud.thanked
            assert [shown.id for shown in device.window.notes_shown] == [note]
            device.thanks.press()
            await asyncio.sleep(0.1)
            assert device.window.screen.screen == "thanks"
            assert note in cloud.thanked
            assert cloud.statuses[-1][1].thanks is not None
            await asyncio.sleep(120)
            assert device.window.screen.screen == "idle"
            assert cloud.statuses[-1][1].notes == ()

    run_virtual(scenario())


def test_thanks_reach_only_the_notes_that_were_shown(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            first, second = cloud.note("heroes"), cloud.note("best_team")
            await asyncio.sleep(1)
            device.thanks.press()
            await asyncio.sleep(60)
            assert set(cloud.thanked) == {first}
            assert set(cloud.shown) == {first, second}
            device.thanks.press()
            await asyncio.sleep(2)
            assert set(cloud.thanked) == {first, second}

    run_virtual(scenario())


def test_a_reply_lost_after_the_commit_costs_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.lose_replies = 3
            note = cloud.note("heroes")
            cloud.like(7)
            await asyncio.sleep(60)
            assert device.diary.of("note on the panel") == ["heroes"]
            assert device.diary.of("likes") == [(7, 7)]
            assert cloud.lit_total == 7
            assert note in cloud.shown

    run_virtual(scenario())


def test_three_days_offline_end_in_one_gesture_and_notes_at_a_human_pace(tmp_path: Path) -> None:
    async def measure() -> Health:
        return Health(sw="0")  # the real one sends a thread to the disk, here 10,000 times

    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now, measure=measure).living() as device:
            await asyncio.sleep(10)
            cloud.like(3)
            await asyncio.sleep(10)
            cloud.fail(Unreachable("the line is cut"))
            for _ in range(3 * 24):
                await asyncio.sleep(3600)
                cloud.like(100)
            notes = [cloud.note(code) for code in ["heroes", "best_team", "hello"] * 15]
            cloud.fail(None)
            await asyncio.sleep(70)
            assert device.diary.of("likes") == [(3, 3)]
            assert device.diary.of("welcome back") == [(7200, 7203)]
            await asyncio.sleep(60)
            assert cloud.lit_total == 7203
            assert set(cloud.shown) == set(notes)
            on_panel = device.diary.at("note on the panel")
            assert 3 <= len(on_panel) <= 9
            assert all(b - a >= 4 for a, b in itertools.pairwise(on_panel))

    run_virtual(scenario())


def test_likes_of_a_busy_kitchen_make_a_gesture_a_second(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            asked = len(cloud.asked)
            for _ in range(1000):
                cloud.like(50)
                await asyncio.sleep(0.01)
            await asyncio.sleep(5)
            assert len(device.diary.of("likes")) <= 12
            assert len(cloud.asked) - asked <= 14
            assert cloud.lit_total == 50_000
            assert device.window.likes_lit == 50_000

    run_virtual(scenario())


def test_privacy_takes_the_screen_and_reaches_the_cloud_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.note("heroes")
            await asyncio.sleep(0.5)
            device.turn(State.PRIVATE)
            await asyncio.sleep(0.1)
            assert device.window.screen.screen == "private"
            assert cloud.camera_state == "private"
            await asyncio.sleep(3.5)
            assert device.window.screen.screen == "note"
            await asyncio.sleep(10)
            assert device.window.screen.screen == "private"
            cloud.like()
            await asyncio.sleep(2)
            assert cloud.lit_total == 1
            device.turn(State.LIVE, Cause.DEMAND)
            await asyncio.sleep(0.1)
            assert device.window.screen.screen == "count"
            assert cloud.camera_state == "live"

    run_virtual(scenario())


def test_privacy_is_answered_even_right_after_thanks(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            device.thanks.press()
            await asyncio.sleep(0.5)
            assert device.window.screen.screen == "thanks"
            device.turn(State.PRIVATE)
            await asyncio.sleep(0.1)
            assert device.window.screen.screen == "private"

    run_virtual(scenario())


def test_a_full_disk_delays_notes_and_leaves_likes_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            device.store.full = True
            note = cloud.note("heroes")
            cloud.like(2)
            await asyncio.sleep(1)
            cloud.like(3)
            await asyncio.sleep(600)
            assert device.diary.of("note on the panel") == []
            assert sum(delta for delta, _ in device.gestures) == 5
            assert cloud.lit_total == 5
            device.store.full = False
            await asyncio.sleep(70)
            assert device.diary.of("note on the panel") == ["heroes"]
            assert note in cloud.shown

    run_virtual(scenario())
    told = [record.message for record in caplog.records if "can't be stored" in record.message]
    assert len(told) == 2


def test_demand_and_wishes_reach_the_rest_of_the_device(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        path = tmp_path / "device.db"
        async with Device(path, cloud, now).living() as device:
            await asyncio.sleep(10)
            assert device.diary.of("desired") == [1]
            cloud.watch(True, "3-9")
            await asyncio.sleep(0.1)
            assert device.window.viewers.watching
            assert device.window.screen.screen == "count"
            cloud.wish(Desired(version=2, mode="off"))
            await asyncio.sleep(0.3)
            assert device.diary.of("desired") == [1, 2]
            await asyncio.sleep(5)
            assert cloud.statuses[-1][1].applied_version == 2
        cloud.fail(Unreachable("no cloud today"))
        async with Device(path, cloud, now).living() as again:
            await asyncio.sleep(1)
            assert again.diary.of("desired") == [2]

    run_virtual(scenario())


class TwoMinds(ScriptedCloud):
    """A cloud of two servers: the one that takes the statuses has an older wish."""

    older = Desired(version=4, mode="on")

    async def status(self, status: Status) -> StatusReply:
        reply = await super().status(status)
        return reply.model_copy(update={"desired": self.older})


def test_an_older_wish_never_overrules_a_newer_one_in_an_epoch(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        path = tmp_path / "device.db"
        cloud = TwoMinds(now)
        cloud.wish(Desired(version=5, mode="off"))
        async with Device(path, cloud, now).living() as device:
            await asyncio.sleep(15)
            assert device.diary.of("desired")[-1] == 5
            asked, posted = len(cloud.asked), len(cloud.statuses)
            await asyncio.sleep(60)
            assert device.diary.of("desired")[-1] == 5
            assert len(cloud.asked) - asked <= 4
            assert len(cloud.statuses) - posted <= 3
            cloud.wish(Desired(version=3, mode="on"))
            await asyncio.sleep(15)
            assert device.diary.of("desired")[-1] == 5
        async with Device(path, cloud, now).living() as again:
            await asyncio.sleep(60)
            assert again.diary.of("desired") == [5]
            assert 30 <= len(cloud.asked) <= 250, "an older wish is sent again and again, paced"

    run_virtual(scenario())


def test_of_two_wishes_with_the_same_version_off_holds(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = TwoMinds(now)
        cloud.older = Desired(version=1, mode="off")
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(5)
            cloud.older = Desired(version=1, mode="on")
            await asyncio.sleep(200)
            assert device.desired is not None
            assert device.desired.mode == "off"

    run_virtual(scenario())


def test_the_versions_of_a_new_epoch_begin_anew(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        cloud.wish(Desired(version=5, mode="off"))
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(5)
            # The number is the same by chance: the wish is not.
            for wish in (Desired(version=5, mode="on"), Desired(version=2, mode="off")):
                cloud.desired = wish
                cloud.start_anew(total=0)
                await asyncio.sleep(5)
                assert device.desired == wish

    run_virtual(scenario())


def test_the_day_s_count_starts_again_at_midnight(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.watch(True)
            cloud.like(5)
            await asyncio.sleep(10)
            assert any("5" in line for line in device.window.screen.text)
            await asyncio.sleep(12 * 3600)
            assert any("0" in line for line in device.window.screen.text)

    run_virtual(scenario())


def test_a_kitchen_closed_for_the_weekend_names_the_day_until_it_has_come(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now(datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
        opens = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            device.camera = CameraReport(
                state=State.CLOSED, since=now(), cause=Cause.SCHEDULE, opens_at=opens
            )
            device.window.camera_changed()

            async def said() -> str:
                await asyncio.sleep(60)
                return " ".join(device.window.screen.text)

            assert "On again Monday at 11:00." in await said()
            await asyncio.sleep(12 * 3600)
            assert "On again tomorrow at 11:00." in await said()
            await asyncio.sleep(24 * 3600)
            assert "On again at 11:00." in await said()

    run_virtual(scenario())


@pytest.mark.parametrize("display_fails", [False, True])
@pytest.mark.parametrize(("button", "told"), [("privacy", [False, True]), ("thanks", [])])
def test_the_gate_learns_when_privacy_cannot_be_read_whatever_the_display_does(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    button: str,
    told: list[bool],
    display_fails: bool,
) -> None:
    def no_contacts() -> AsyncIterator[bool]:
        raise HardwareError("no GPIO 5 on this board")

    def fail() -> None:
        raise RuntimeError("the display is broken")

    async def scenario() -> None:
        now = virtual_now()
        device = Device(tmp_path / "device.db", ScriptedCloud(now), now)
        broken = getattr(device, button)
        repaired = broken.edges
        monkeypatch.setattr(broken, "edges", no_contacts)
        if display_fails:
            monkeypatch.setattr(device.window.presenter, "update", fail)
        living = asyncio.create_task(device.window.privacy_button.run())
        thanks = asyncio.create_task(device.window.thanks_button.run())
        await asyncio.sleep(1)
        assert device.diary.of("privacy readable") == told[:1]
        monkeypatch.setattr(broken, "edges", repaired)
        await asyncio.sleep(15)
        assert device.diary.of("privacy readable") == told
        living.cancel()
        thanks.cancel()
        await asyncio.wait([living, thanks])

    run_virtual(scenario())


@pytest.mark.parametrize("error", [ZeroDivisionError("a fault of ours"), KeyError("font")])
def test_a_panel_that_crashes_costs_neither_lamp_nor_thanks_nor_the_process(
    tmp_path: Path, error: Exception
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        device = Device(tmp_path / "device.db", cloud, now)

        async def crashes(image: object) -> None:
            raise error

        device.display.show = crashes  # type: ignore[assignment, method-assign]
        async with device.living():
            for _ in range(200):
                cloud.like()
                await asyncio.sleep(30)
            assert device.window.likes_lit == 200
            device.thanks.press()
            await asyncio.sleep(0.1)
            assert cloud.statuses[-1][1].thanks is not None
            health = device.window.health
            assert health["panel"].restarts > 100
            assert {name for name, part in health.items() if part.restarts} == {"panel"}

    run_virtual(scenario())
