"""A panel's nights on the virtual clock: dark when nobody looks, lit when somebody does."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import ImageChops

from likelight.appreciation.screens.care import DAY_BURNS_IN, REST_AFTER_S, orbit
from likelight.appreciation.sync.client import FailureKind, Unreachable
from likelight.contract import State
from likelight.contract.schedule import daily
from likelight_hw.panels import PANELS
from likelight_hw.ports import DisplayInfo
from support.device import Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now

OLED = PANELS["oled-2.42"].info
LCD = PANELS["lcd-2.8"].info
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = 0.3
WORKS = "The lamp and your buttons still work."

Scenario = Callable[[Device, ScriptedCloud], Awaitable[None]]


def live(
    path: Path,
    scenario: Scenario,
    panel: DisplayInfo = OLED,
    *,
    hours: str | None = None,
    start: datetime = datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
) -> None:
    """Run `scenario` in a kitchen in Berlin with this panel and these quiet hours."""

    async def life() -> None:
        now = virtual_now(start)
        now()
        quiet_hours = daily(hours, BERLIN) if hours else None
        cloud = ScriptedCloud(now)
        device = Device(
            path / "device.db",
            cloud,
            now,
            panel=panel,
            quiet=lambda: quiet_hours is not None and quiet_hours.is_open(now()),
            night=NIGHT,
        )
        async with device.living():
            await asyncio.sleep(10)
            await scenario(device, cloud)

    run_virtual(life())


def test_an_oled_is_dim_and_goes_dark_when_nothing_is_new(tmp_path: Path) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        assert device.display.brightness == DAY_BURNS_IN
        assert device.window.screen.screen == "idle"
        await asyncio.sleep(REST_AFTER_S + 15)
        assert device.display.brightness == 0
        assert device.window.screen.screen == "blank"
        note = cloud.note("heroes")
        await asyncio.sleep(0.5)
        assert device.display.brightness == DAY_BURNS_IN
        assert device.window.screen.screen == "note"
        await asyncio.sleep(2)
        assert note in cloud.shown

    live(tmp_path, scenario)


def test_a_resting_oled_still_says_what_needs_the_crew(tmp_path: Path) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        cloud.fail(Unreachable("the line is cut"))
        await asyncio.sleep(120 + REST_AFTER_S)
        lit = []
        for _ in range(600):
            await asyncio.sleep(1)
            lit.append(device.display.brightness > 0)
        assert 0.1 <= sum(lit) / len(lit) <= 0.4
        longest_dark = max(len(run) for run in "".join(".L"[on] for on in lit).split("L"))
        assert longest_dark <= 60

    live(tmp_path, scenario)


def test_an_oled_s_picture_moves_within_its_margin_and_loses_nothing(tmp_path: Path) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        cloud.watch(True, "3-9")
        cloud.like(128)
        await asyncio.sleep(5)
        boxes, lit = set(), set()
        for _ in range(60):
            picture = device.display.image
            box = picture.getbbox()
            assert box is not None
            boxes.add(box[:2])
            lit.add(sum(picture.crop(box).convert("L").tobytes()))
            await asyncio.sleep(60)
        assert len(boxes) >= 16
        assert len({left for left, _ in boxes}) > 3
        # Two pages, the likes and the watchers: never a third picture, which would be a cut one.
        assert len(lit) <= 2

    live(tmp_path, scenario)


def test_an_lcd_stands_still_and_bright(tmp_path: Path) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        before, version = device.display.image, device.display.version
        await asyncio.sleep(2 * REST_AFTER_S)
        assert device.display.brightness == 1
        assert ImageChops.difference(before, device.display.image).getbbox() is None
        assert device.display.version == version

    live(tmp_path, scenario, LCD)


@pytest.mark.parametrize(("panel", "asleep"), [(OLED, 0.0), (LCD, NIGHT)], ids=["oled", "lcd"])
def test_notes_of_the_night_wait_for_the_morning(
    tmp_path: Path, panel: DisplayInfo, asleep: float
) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        assert device.display.brightness > 0
        await asyncio.sleep(1800)  # it is 22:20 in Berlin
        assert device.display.brightness == asleep
        note = cloud.note("heroes")
        await asyncio.sleep(1800)
        assert note not in cloud.shown
        assert device.display.brightness == asleep
        await asyncio.sleep(600)  # and now it is 23:00
        assert note in cloud.shown

    live(
        tmp_path,
        scenario,
        panel,
        hours="22:00-23:00",
        start=datetime(2026, 11, 21, 20, 50, tzinfo=UTC),
    )


@pytest.mark.parametrize("panel", [OLED, LCD], ids=["oled", "lcd"])
def test_a_press_at_night_wakes_the_panel_and_shows_what_waits(
    tmp_path: Path, panel: DisplayInfo
) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        asleep = device.display.brightness
        note = cloud.note("heroes")
        await asyncio.sleep(60)
        assert note not in cloud.shown
        device.thanks.press()
        await asyncio.sleep(0.05)
        assert device.display.brightness == NIGHT
        await asyncio.sleep(0.15)
        assert device.window.screen.screen == "thanks"
        await asyncio.sleep(10)
        assert note in cloud.shown
        assert note not in cloud.thanked
        await asyncio.sleep(90)
        assert device.display.brightness == asleep
        late = cloud.note("best_team")
        await asyncio.sleep(60)
        assert late not in cloud.shown

    live(tmp_path, scenario, panel, hours="12:30-14:00")


def test_quiet_hours_do_not_darken_a_note_that_is_being_read(tmp_path: Path) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        await asyncio.sleep(45)
        note = cloud.note("heroes")
        await asyncio.sleep(7)  # quiet since 2 s
        assert device.window.screen.screen == "note"
        assert device.display.brightness > 0
        assert note in cloud.shown
        await asyncio.sleep(40)
        assert device.window.screen.screen == "blank"

    live(tmp_path, scenario, hours="12:00-13:00", start=datetime(2026, 11, 21, 10, 59, tzinfo=UTC))


def test_a_dark_panel_that_breaks_reports_nothing_and_is_lit_again(tmp_path: Path) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        await asyncio.sleep(REST_AFTER_S + 15)
        device.display.broken = True
        note = cloud.note("heroes")
        await asyncio.sleep(300)
        assert note not in cloud.shown
        device.display.broken = False
        await asyncio.sleep(70)
        assert note in cloud.shown

    live(tmp_path, scenario)


def test_a_press_is_felt_before_anything_is_stored_or_drawn(tmp_path: Path) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        await asyncio.sleep(5)
        before = device.display.image
        device.thanks.hold()
        await asyncio.sleep(0.02)
        corner = device.display.image.crop((0, 0, 4, 4))
        assert corner.tobytes() != before.crop((0, 0, 4, 4)).tobytes()
        await asyncio.sleep(1)
        assert ImageChops.difference(before, device.display.image).getbbox() is None

    live(tmp_path, scenario, LCD)


def test_a_long_press_shows_the_last_note_again_without_a_receipt(tmp_path: Path) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        first, last = cloud.note("hello"), cloud.note("heroes")
        await asyncio.sleep(60)
        assert {first, last} <= set(cloud.shown)
        receipts = len([note for _, status in cloud.statuses for note in status.notes])
        assert device.window.screen.screen != "note"
        device.thanks.hold()
        await asyncio.sleep(1.2)
        device.thanks.release()
        assert device.window.screen.screen == "note"
        assert "You are my" in " ".join(device.window.screen.text)
        await asyncio.sleep(30)
        assert device.window.screen.screen != "note"
        told = len([note for _, status in cloud.statuses for note in status.notes])
        assert told == receipts
        assert not cloud.thanked

    live(tmp_path, scenario, LCD)


def test_a_long_press_before_any_note_changes_nothing(tmp_path: Path) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        device.thanks.hold()
        await asyncio.sleep(1.7)
        assert device.window.screen.screen == "idle"

    live(tmp_path, scenario, LCD)


def test_notes_and_presses_take_turns(tmp_path: Path) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        cloud.note("heroes")
        await asyncio.sleep(1)
        device.turn(State.PRIVATE)
        await asyncio.sleep(0.01)
        assert device.window.screen.screen == "private"
        device.window.presenter.felt()
        await asyncio.sleep(4)
        assert device.window.screen.screen == "note"

    live(tmp_path, scenario, LCD)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (FailureKind.NETWORK, f"No internet. {WORKS}"),
        (FailureKind.DNS, f"No connection. {WORKS} Call IT, code N1."),
        (FailureKind.CLOCK, "The clock is wrong. Call IT, code T1."),
        (FailureKind.INTERCEPTED, f"No connection. {WORKS} Call IT, code N2."),
        (FailureKind.SETTINGS, "A setting is wrong. Call IT, code S6."),
        (FailureKind.CLOUD, f"No connection. {WORKS}"),
    ],
)
def test_offline_says_why(tmp_path: Path, failure: FailureKind, words: str) -> None:
    async def scenario(device: Device, cloud: ScriptedCloud) -> None:
        cloud.fail(Unreachable("some reason", failure))
        await asyncio.sleep(120)
        said: list[str] = []
        for _ in range(8):
            if device.window.screen.text not in (said[-1:], ()):
                said += device.window.screen.text
            await asyncio.sleep(4.1)
        assert words in " ".join(said).replace("- ", "")

    live(tmp_path, scenario, LCD)


def test_the_places_of_a_picture_are_near_each_other() -> None:
    places = [orbit(step) for step in range(200)]
    assert len(set(places)) == 25
    for (x, y), (right, down) in pairwise(places):
        assert abs(x - right) + abs(y - down) <= 1
