"""THANKS as the crew uses it: short, long, with an elbow, with a wire that is shorted."""

import asyncio
from pathlib import Path

from likelight.appreciation.buttons.watched import ButtonTrouble
from likelight.appreciation.sync.client import Unreachable
from support.device import Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now


async def shown_note(device: Device, cloud: ScriptedCloud, code: str = "heroes") -> str:
    """Let a note come, and wait until it has been read and is gone."""
    note = cloud.note(code)
    await asyncio.sleep(30)
    assert note in cloud.shown
    assert device.window.screen.screen != "note"
    return note


def test_a_short_press_thanks_when_it_ends(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            note = await shown_note(device, cloud)
            device.thanks.hold()
            await asyncio.sleep(0.9)  # a letting go is believed 50 ms later, and 1 s is long
            assert note not in cloud.thanked
            device.thanks.release()
            await asyncio.sleep(0.1)
            assert note in cloud.thanked
            assert device.window.screen.screen == "thanks"

    run_virtual(scenario())


def test_lamp_and_panel_answer_a_press_within_50_ms(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(60)
            for button in (device.thanks, device.privacy):
                await asyncio.sleep(60)
                frame, version = device.lamp.frame, device.display.version
                button.hold()
                await asyncio.sleep(0.050)
                assert device.lamp.frame != frame
                assert device.display.version > version
                button.release()

    run_virtual(scenario())


def test_a_long_press_repeats_the_last_note_and_thanks_nobody(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            note = await shown_note(device, cloud)
            device.thanks.hold()
            await asyncio.sleep(0.99)
            assert device.window.screen.screen != "note"
            await asyncio.sleep(0.11)
            assert device.window.screen.screen == "note"
            await asyncio.sleep(30)
            device.thanks.release()
            await asyncio.sleep(10)
            assert device.diary.of("note on the panel").count("heroes") >= 2
            assert cloud.thanked == {}
            assert [shown.id for shown in device.window.notes_shown] == [note]

    run_virtual(scenario())


def test_an_elbow_on_both_buttons_means_privacy(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            await shown_note(device, cloud)
            first, second = device.thanks, device.privacy
            for before, after in ((first, second), (second, first)):
                before.hold()
                await asyncio.sleep(0.2)
                after.hold()
                await asyncio.sleep(0.2)
                before.release()
                await asyncio.sleep(0.2)
                after.release()
                await asyncio.sleep(5)
            device.thanks.hold()
            device.privacy.hold()
            await asyncio.sleep(3)
            device.thanks.release()
            device.privacy.release()
            await asyncio.sleep(5)
            assert cloud.thanked == {}
            assert device.window.screen.screen != "note"
            device.thanks.press()
            await asyncio.sleep(1)
            assert len(cloud.thanked) == 1

    run_virtual(scenario())


def test_a_shorted_wire_is_reported_on_the_display_and_thanks_nobody(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            await shown_note(device, cloud)
            device.thanks.hold()
            await asyncio.sleep(61)
            assert device.window.buttons[0].trouble is ButtonTrouble.STUCK
            assert "THANKS" in " ".join(device.window.screen.text)
            await asyncio.sleep(3600)
            device.thanks.release()
            await asyncio.sleep(40)
            assert "THANKS" not in " ".join(device.window.screen.text)
            assert cloud.thanked == {}

    run_virtual(scenario())


def test_thanks_without_a_cloud_reach_it_with_all_their_notes_when_it_is_back(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        path = tmp_path / "device.db"
        async with Device(path, cloud, now).living() as device:
            await asyncio.sleep(10)
            first = await shown_note(device, cloud)
            second = await shown_note(device, cloud, "hello")
            cloud.fail(Unreachable("the line is cut"))
            await asyncio.sleep(200)
            device.thanks.press()
            await asyncio.sleep(5)
        # A restart in between changes nothing.
        async with Device(path, cloud, now).living():
            await asyncio.sleep(200)
            assert cloud.thanked == {}
            cloud.fail(None)
            await asyncio.sleep(65)
            assert set(cloud.thanked) == {first, second}

    run_virtual(scenario())


def test_frantic_presses_are_few_thanks(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            before = len(cloud.statuses)
            for _ in range(100):
                device.thanks.press()
                await asyncio.sleep(0.12)
            assert len(cloud.statuses) - before <= 14

    run_virtual(scenario())


def test_presses_while_thanks_were_just_given_are_one_more_a_second_later(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(90)
            before = len(cloud.statuses)
            for _ in range(4):
                device.thanks.press()
                await asyncio.sleep(0.2)
            await asyncio.sleep(5)
            thanks = [at for at, status in cloud.statuses[before:] if status.thanks]
            assert len(thanks) == 2
            assert 1.0 <= thanks[1] - thanks[0] < 1.1

    run_virtual(scenario())


def test_thanks_reach_the_cloud_though_whatever_answers_them_fails(tmp_path: Path) -> None:
    def fail() -> None:
        raise RuntimeError("the lamp is gone")

    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            device.lamp.felt = fail  # type: ignore[method-assign]
            device.lamp.thanks = fail  # type: ignore[method-assign]
            for code in ("heroes", "hello"):
                note = await shown_note(device, cloud, code)
                version = device.display.version
                device.thanks.hold()
                await asyncio.sleep(0.050)
                assert device.display.version > version, "the panel says that it was felt"
                device.thanks.release()
                await asyncio.sleep(0.2)
                assert note in cloud.thanked
                assert device.window.screen.screen == "thanks", "the panel answers all the same"

    run_virtual(scenario())
