"""What the crew's display says when, and what happens to notes when it can't."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from likelight.appreciation.panel.headline import headline
from likelight.appreciation.panel.situation import Situation
from likelight.appreciation.screens.models import (
    CountScreen,
    IdleScreen,
    PrivateScreen,
    Screen,
    StatusScreen,
    ThanksScreen,
)
from likelight.appreciation.sync.client import DeviceRefused, Unreachable
from likelight.appreciation.sync.connection import CloudConnection
from likelight.contract import Cause, State
from support.device import Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now

CALM = Situation(CloudConnection.CONNECTED, State.IDLE, likes_today=128)

NO_CONNECTION = "No con\u00adnection."
STARTING = StatusScreen("Good to see you.", "The lamp is waking up.", "wave")
OFFLINE = StatusScreen("No internet.", "The lamp and your buttons still work.", "cloud_crossed")
WORKS = "The lamp and your buttons still work."
REFUSED = StatusScreen(NO_CONNECTION, f"{WORKS} Call IT, code C1.", "cloud_crossed")
SUPERSEDED = StatusScreen(NO_CONNECTION, f"{WORKS} Call IT, code C2.", "cloud_crossed")
FAULT = StatusScreen("Camera trouble.", "The lamp still works.", "wrench")
THANKS_KEPT = StatusScreen("Thanks kept.", "It goes out when the internet is back.", "hands")


@pytest.mark.parametrize(
    ("situation", "screen"),
    [
        (CALM, IdleScreen(128)),
        (replace(CALM, camera=State.CLOSED), IdleScreen(128)),
        (replace(CALM, lively=True, viewers="3-9"), CountScreen(128, "3-9")),
        (replace(CALM, lively=True, camera=State.LIVE), CountScreen(128, on_air=True)),
        (replace(CALM, camera=State.LIVE), IdleScreen(128, on_air=True)),
        (
            replace(CALM, viewers="3-9", viewers_at_rest=True, camera=State.LIVE),
            IdleScreen(128, viewers="3-9", on_air=True),
        ),
        (replace(CALM, connection=CloudConnection.STARTING), STARTING),
        (replace(CALM, connection=CloudConnection.OFFLINE, lively=True), OFFLINE),
        (replace(CALM, connection=CloudConnection.REFUSED, camera=State.FAULT), REFUSED),
        (replace(CALM, connection=CloudConnection.SUPERSEDED), SUPERSEDED),
        (replace(CALM, camera=State.FAULT, lively=True), FAULT),
        (replace(CALM, camera=State.PRIVATE, connection=CloudConnection.OFFLINE), PrivateScreen()),
        (replace(CALM, thanking=True, camera=State.PRIVATE), ThanksScreen()),
        (replace(CALM, thanking=True, connection=CloudConnection.OFFLINE), THANKS_KEPT),
    ],
)
def test_the_headline_answers_first_and_then_says_what_is_wrong(
    situation: Situation, screen: Screen
) -> None:
    assert headline(situation) == screen


def test_the_crew_reads_its_own_language(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        device = Device(tmp_path / "device.db", cloud, now, language="de")
        async with device.living():
            await asyncio.sleep(10)
            assert device.window.screen.text == ("Alles ruhig",)
            device.thanks.press()
            await asyncio.sleep(1)
            assert " ".join(device.window.screen.text) == "Danke ist raus"
            device.turn(State.PRIVATE)
            await asyncio.sleep(1)
            assert " ".join(device.window.screen.text) == (
                "Kamera aus. Noch mal drücken: wieder live."
            )

    run_virtual(scenario())


def test_a_minute_after_the_last_likes_the_screen_says_calmly_how_many_watch(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        device = Device(tmp_path / "device.db", cloud, now, viewers_at_rest=True)
        async with device.living():
            await asyncio.sleep(10)
            device.turn(State.LIVE)
            cloud.watch(True, "30-49")
            cloud.like(3)
            await asyncio.sleep(5)
            assert device.window.screen.screen == "count"
            await asyncio.sleep(65)
            assert device.window.screen.text == ("30–49 watching", "3 today")
            cloud.watch(False)
            await asyncio.sleep(5)
            assert device.window.screen.text == ("All quiet", "3 today")

    run_virtual(scenario())


@pytest.mark.parametrize("state", [State.CLOSED, State.PRIVATE, State.OFF])
@pytest.mark.parametrize("pressed", [False, True])
def test_out_of_hours_notes_wait_for_the_opening_or_for_somebody_at_the_panel(
    tmp_path: Path, state: State, pressed: bool
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            opens = now() + timedelta(hours=9)
            device.turn(state, Cause.SCHEDULE, opens_at=opens)
            await asyncio.sleep(20)
            note = cloud.note("heroes")
            await asyncio.sleep(8 * 3600)
            assert cloud.shown == {}
            assert cloud.statuses[-1][1].notes_wait
            if pressed:
                device.thanks.press()
                await asyncio.sleep(0.2)
                device.thanks.release()
            else:
                device.turn(State.IDLE, Cause.SCHEDULE)
            await asyncio.sleep(10)
            assert note in cloud.shown
            assert cloud.statuses[-1][1].notes_wait is pressed

    run_virtual(scenario())


def test_within_hours_a_private_kitchen_reads_its_notes(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            device.turn(State.PRIVATE)
            await asyncio.sleep(120)
            note = cloud.note("heroes")
            await asyncio.sleep(10)
            assert note in cloud.shown

    run_virtual(scenario())


def test_a_broken_display_keeps_its_notes_and_leaves_the_lamp_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            device.display.broken = True
            note = cloud.note("heroes")
            cloud.like(3)
            await asyncio.sleep(1800)
            assert cloud.lit_total == 3
            assert cloud.shown == {}
            assert device.window.notes_shown == ()
            assert device.window.screen.screen == "blank"
            device.display.broken = False
            await asyncio.sleep(61)
            assert note in cloud.shown
            assert device.diary.of("note on the panel") == ["heroes"]

    with caplog.at_level(logging.INFO):
        run_virtual(scenario())
    told = [record.message for record in caplog.records if "display" in record.message]
    assert len(told) == 2


def test_equal_words_that_wait_together_are_shown_once_and_all_are_reported(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.note("hello")
            await asyncio.sleep(1)
            notes = [cloud.note(code) for code in ("heroes", "best_team", "heroes", "heroes")]
            await asyncio.sleep(30)
            assert device.diary.of("note on the panel") == ["hello", "heroes", "best_team"]
            assert set(notes) <= set(cloud.shown)

    run_virtual(scenario())


def test_a_note_without_words_holds_up_no_other_and_is_not_called_shown(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.note("from_the_future")
            known = cloud.note("hello")
            await asyncio.sleep(60)
            assert set(cloud.shown) == {known}
            assert device.window.screen.screen == "idle"

    run_virtual(scenario())


def test_thanks_without_a_cloud_are_kept_and_do_not_claim_to_be_sent(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            note = cloud.note("heroes")
            await asyncio.sleep(10)
            cloud.fail(Unreachable("the line is cut"))
            await asyncio.sleep(200)
            device.thanks.press()
            await asyncio.sleep(0.1)
            assert device.window.screen.text[0].startswith("Thanks kept")
            await asyncio.sleep(10)
            assert device.window.screen.text[0].startswith("No internet")
            cloud.fail(None)
            await asyncio.sleep(61)
            assert note in cloud.thanked

    run_virtual(scenario())


def test_notes_wait_for_a_display_across_a_restart(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        path = tmp_path / "device.db"
        async with Device(path, cloud, now).living() as device:
            device.display.broken = True
            await asyncio.sleep(5)
            note = cloud.note("heroes")
            await asyncio.sleep(30)
        cloud.fail(DeviceRefused(401))
        async with Device(path, cloud, now).living() as again:
            await asyncio.sleep(5)
            assert [shown.id for shown in again.window.notes_shown] == [note]
            assert again.diary.of("note on the panel") == ["heroes"]

    run_virtual(scenario())
