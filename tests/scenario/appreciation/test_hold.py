"""A question on the panel is answered by holding, and by nothing that only looks like it."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from likelight.appreciation.buttons.question import Question
from likelight.appreciation.screens.models import StatusScreen
from likelight.contract import Cause, State
from support.device import Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import VirtualLoop, run_virtual, virtual_now

SCREEN = StatusScreen("Another store?", "Hold THANKS for 3 s.", "wrench")


class Privacy:
    """What PRIVACY's presses came to."""

    def __init__(self) -> None:
        self.did: list[str] = []

    def pressed(self) -> None:
        self.did.append("pressed")

    def released(self) -> None:
        self.did.append("released")

    def cancelled(self) -> None:
        self.did.append("cancelled")


class Kitchen:
    """A device that asks one question, and how often it was answered."""

    def __init__(self, tmp_path: Path, *, patient: bool = False) -> None:
        now = virtual_now()
        self.loop = asyncio.get_running_loop()
        self.cloud = ScriptedCloud(now)
        self.taken_at: list[float] = []
        self.both: list[str] = []
        self.privacy = Privacy()
        self.device = Device(
            tmp_path / "device.db",
            self.cloud,
            now,
            on_privacy=self.privacy,
        )
        questions = self.device.window.questions
        questions.put("store", Question(SCREEN, self._take, 3, patient))
        questions.of_both = Question(
            StatusScreen("Consent", "Hold both", "check"), lambda: self.both.append("taken"), 5
        )

    def _take(self) -> None:
        self.taken_at.append(self.loop.time())


def play(
    tmp_path: Path,
    body: Callable[[Kitchen, Device], Coroutine[object, object, None]],
    *,
    patient: bool = False,
) -> None:
    async def scenario() -> None:
        kitchen = Kitchen(tmp_path, patient=patient)
        async with kitchen.device.living() as device:
            await asyncio.sleep(10)
            await body(kitchen, device)

    run_virtual(scenario())


def test_a_hold_answers_once_and_only_after_its_time(tmp_path: Path) -> None:
    async def body(kitchen: Kitchen, device: Device) -> None:
        assert device.window.screen.text[0] == "Another store?"
        began = kitchen.loop.time()
        device.thanks.hold()
        pictures = set()
        for _ in range(40):
            await asyncio.sleep(0.1)
            pictures.add(device.display.image.tobytes())
        assert len(pictures) >= 3, "the panel shows how long it was held"
        (at,) = kitchen.taken_at
        assert 3.0 <= at - began < 3.5
        await asyncio.sleep(20)
        device.thanks.release()
        await asyncio.sleep(5)
        assert len(kitchen.taken_at) == 1
        assert kitchen.cloud.thanked == {}

    play(tmp_path, body)


@pytest.mark.parametrize(
    "interruption", ["released", "PRIVACY", "the panel fails", "stalled", "taken back"]
)
def test_a_hold_that_is_interrupted_is_no_answer(tmp_path: Path, interruption: str) -> None:
    async def body(kitchen: Kitchen, device: Device) -> None:
        device.thanks.hold()
        await asyncio.sleep(1.5 if interruption == "the panel fails" else 2.5)
        match interruption:
            case "released":
                device.thanks.release()
                await asyncio.sleep(0.06)
                device.thanks.hold()
            case "PRIVACY":
                device.privacy.press()
            case "the panel fails":
                device.display.broken = True
                await asyncio.sleep(1)
                device.display.broken = False
            case "taken back":
                device.window.questions.put("store", None)
            case "stalled":
                # The loop stood still; both the release and the end of the time wait for it.
                device.thanks.release()
                assert isinstance(kitchen.loop, VirtualLoop)
                kitchen.loop.jump(3.0)
        await asyncio.sleep(1.5)
        assert kitchen.taken_at == []
        device.thanks.release()
        await asyncio.sleep(30)
        assert kitchen.taken_at == []
        assert kitchen.both == []

    play(tmp_path, body)


def test_a_short_press_thanks_as_ever_and_a_note_is_no_question(tmp_path: Path) -> None:
    async def body(kitchen: Kitchen, device: Device) -> None:
        first = kitchen.cloud.note("heroes")
        await asyncio.sleep(30)
        device.thanks.press()
        await asyncio.sleep(5)
        assert set(kitchen.cloud.thanked) == {first}
        kitchen.cloud.note("thank_you")
        await asyncio.sleep(2)
        assert device.window.screen.screen == "note"
        device.thanks.hold()
        await asyncio.sleep(10)
        assert kitchen.taken_at == [], "who pressed saw the note, and not the question"
        device.thanks.release()
        await asyncio.sleep(30)
        while device.window.screen.screen != "status":
            await asyncio.sleep(0.5)
        device.thanks.hold()
        await asyncio.sleep(1)
        kitchen.cloud.note("heroes")
        await asyncio.sleep(1.5)
        assert device.window.screen.screen == "hold", "a note waits for the answer"
        await asyncio.sleep(2)
        assert len(kitchen.taken_at) == 1
        assert device.window.screen.screen == "note"

    play(tmp_path, body)


def test_both_buttons_answer_another_question_and_privacy_s_release_does_nothing(
    tmp_path: Path,
) -> None:
    async def body(kitchen: Kitchen, device: Device) -> None:
        for first, second in (
            (device.thanks, device.privacy),
            (device.privacy, device.thanks),
        ):
            kitchen.privacy.did.clear()
            kitchen.both.clear()
            first.hold()
            await asyncio.sleep(0.3)
            second.hold()
            await asyncio.sleep(4.9)
            assert kitchen.both == []
            assert device.window.screen.text[0] == "Consent"
            await asyncio.sleep(0.5)
            assert kitchen.both == ["taken"]
            device.privacy.release()
            await asyncio.sleep(0.2)
            device.thanks.release()
            await asyncio.sleep(5)
            assert kitchen.privacy.did == ["pressed", "cancelled", "released"]
        assert kitchen.cloud.thanked == {}
        assert kitchen.taken_at == []

    play(tmp_path, body)


def test_a_stuck_thanks_takes_privacy_from_nobody(tmp_path: Path) -> None:
    async def body(kitchen: Kitchen, device: Device) -> None:
        device.thanks.hold()
        await asyncio.sleep(61)
        assert device.window.thanks_button.trouble is not None
        device.privacy.press()
        await asyncio.sleep(10)
        assert kitchen.privacy.did == ["pressed", "released"]
        assert kitchen.both == []

    play(tmp_path, body)


def test_a_patient_question_stands_only_where_the_camera_waits_for_consent(tmp_path: Path) -> None:
    async def body(kitchen: Kitchen, device: Device) -> None:
        assert device.window.screen.screen == "idle"
        device.turn(State.OFF, Cause.CONSENT)
        await asyncio.sleep(2)
        assert device.window.screen.text[0] == "Another store?"
        device.window.questions.put("store", None)
        await asyncio.sleep(2)
        assert device.window.screen.screen == "status"

    play(tmp_path, body, patient=True)
