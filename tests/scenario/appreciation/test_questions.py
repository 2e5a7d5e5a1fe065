"""What the panel asks, and the crew agrees to by holding THANKS."""

import asyncio
from pathlib import Path

from likelight.appreciation.buttons.question import Question
from likelight.appreciation.screens.models import StatusScreen
from likelight.contract import State
from support.device import Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now

ASKED = StatusScreen("New masks?", "Hold THANKS for 3 seconds.", "hands")


class Crew:
    """A device that asks, and what was agreed to."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.agreed: list[str] = []

    def is_asked(self, about: str = "masks", hold_s: float = 3.0) -> None:
        question = Question(ASKED, lambda: self.agreed.append(about), hold_s)
        self.device.window.questions.put(about, question)

    async def holds(self, seconds: float) -> list[str]:
        """Hold THANKS; return what was agreed to meanwhile."""
        self.device.thanks.hold()
        await asyncio.sleep(seconds)
        self.device.thanks.release()
        await asyncio.sleep(5)
        agreed, self.agreed = self.agreed, []
        return agreed

    async def reads(self) -> set[str]:
        """Return which screens the panel shows until it asks again; at least once in a minute."""
        seen = set()
        for _ in range(120):
            seen.add(self.device.window.screen.screen)
            if self.reads_it and len(seen) > 1:
                return seen
            await asyncio.sleep(0.5)
        raise AssertionError(seen)

    @property
    def reads_it(self) -> bool:
        return "New masks?" in " ".join(self.device.window.screen.text)


def test_only_thanks_held_while_the_panel_asks_agrees(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            crew = Crew(device)
            await asyncio.sleep(30)
            device.thanks.hold()
            crew.is_asked()
            await asyncio.sleep(5)
            device.thanks.release()
            await asyncio.sleep(5)
            assert (crew.reads_it, crew.agreed) == (True, []), "it was held before anybody asked"
            assert await crew.holds(2.8) == []
            device.privacy.hold()
            assert await crew.holds(4) == [], "an elbow on both buttons"
            device.privacy.release()
            await asyncio.sleep(1)
            device.thanks.hold()
            await asyncio.sleep(1)
            crew.is_asked("masks")
            assert await crew.holds(2.5) == [], "another question meanwhile"
            device.thanks.release()
            await asyncio.sleep(5)
            assert await crew.holds(3.1) == ["masks"]
            assert cloud.thanked == {}, "no press of these has thanked"
            assert await crew.holds(70) == ["masks"], "once a press, also a stuck one"
            device.window.questions.put("masks", None)
            await asyncio.sleep(40)
            assert (crew.reads_it, await crew.holds(4)) == (False, [])

    run_virtual(scenario())


def test_a_question_hides_neither_likes_nor_notes_nor_the_answer_to_privacy(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = ScriptedCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            crew = Crew(device)
            await asyncio.sleep(30)
            crew.is_asked("consent", hold_s=5.0)
            crew.is_asked("masks")
            await asyncio.sleep(1)
            assert crew.reads_it
            device.turn(State.PRIVATE)
            await asyncio.sleep(1)
            assert device.window.screen.screen == "private"
            await asyncio.sleep(4)
            assert crew.reads_it
            device.turn(State.IDLE)
            note = cloud.note("heroes")
            await asyncio.sleep(3)
            assert device.window.screen.screen == "note"
            assert await crew.holds(4) == [], "the panel shows a note: it is repeated"
            await asyncio.sleep(30)
            assert note in cloud.shown
            assert await crew.reads() == {"idle", "status"}, "both have their time"
            seen = set()
            for _ in range(60):
                cloud.like()
                await asyncio.sleep(1)
                seen.add(device.window.screen.screen)
            assert seen == {"count", "status"}, "in a rush of likes both have their time"
            await asyncio.sleep(40)
            await crew.reads()
            assert await crew.holds(4) == [], "the first one is asked, and needs 5 s"
            assert await crew.holds(5.1) == ["consent"]
            device.window.questions.put("consent", None)
            await asyncio.sleep(1)
            assert await crew.holds(3.1) == ["masks"]

    run_virtual(scenario())
