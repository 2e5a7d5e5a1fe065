"""A press is answered while something else is being drawn, on real threads and the real clock."""

import asyncio
import threading
from pathlib import Path

import pytest

from likelight.appreciation.panel import drawings
from likelight.appreciation.panel.headline import answers
from likelight.appreciation.screens.models import NoteScreen, Page, Screen
from likelight.appreciation.screens.render import pages
from likelight.contract import State
from likelight.runtime.clock import utc_now
from likelight_hw.ports import DisplayInfo
from support.device import Device
from support.scripted_cloud import ScriptedCloud


class SlowHand:
    """Draws at once, but for notes, which take until `go_on`."""

    def __init__(self) -> None:
        self.answers_ready = asyncio.Event()
        self.drawing_note = asyncio.Event()
        self.go_on = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._drawn: set[Screen] = set()

    def pages(self, screen: Screen, panel: DisplayInfo) -> tuple[Page, ...]:
        if isinstance(screen, NoteScreen):
            self._loop.call_soon_threadsafe(self.drawing_note.set)
            self.go_on.wait(30)
        drawn = pages(screen, panel)
        self._drawn.add(screen)
        if self._drawn >= set(answers()):
            self._loop.call_soon_threadsafe(self.answers_ready.set)
        return drawn


async def test_no_drawing_lies_between_a_press_and_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = SlowHand()
    monkeypatch.setattr(drawings, "pages", hand.pages)
    cloud = ScriptedCloud(utc_now)
    device = Device(tmp_path / "device.db", cloud, utc_now)
    shown = asyncio.Event()
    device.display.on_show = shown.set

    async def until(screen: str) -> None:
        while device.window.screen.screen != screen:
            shown.clear()
            if device.window.screen.screen != screen:
                await shown.wait()

    async with asyncio.timeout(20), device.living():
        try:
            await hand.answers_ready.wait()
            note = cloud.note("heroes")
            await hand.drawing_note.wait()
            device.thanks.press()
            await until("thanks")
            device.turn(State.PRIVATE)
            await until("private")
            assert not hand.go_on.is_set()
            assert note not in cloud.shown
        finally:
            hand.go_on.set()
