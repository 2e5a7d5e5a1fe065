"""The bench of the demo, over the simulated hardware that the daemon is wired to."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from likelight.appreciation.lamp import Lamp
from likelight.appreciation.window_in import WindowIn
from likelight.feed.hub import Hub
from likelight.onair import OnAir
from likelight.web.bench import BenchDisplay, BenchLamp, BenchState, Pressable
from likelight.web.changes import Changes
from likelight.web.loglines import LogLine, LogLines
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.display import SimDisplay

LONG_S = 1.2
"""What a hand holds down that means more than a second."""


@dataclass(frozen=True, slots=True)
class DemoBench:
    """A `Bench`: it reads what the daemon's parts show, and presses the buttons for a finger."""

    lamp: Lamp
    on_air: OnAir
    window_in: WindowIn
    hub: Hub
    display: SimDisplay
    buttons: dict[Pressable, SimButton]
    lines: LogLines
    changes: Changes

    @property
    def display_version(self) -> int:
        return self.display.version

    def state(self) -> BenchState:
        frame, shown, demand = self.lamp.frame, self.window_in.screen, self.hub.demand
        return BenchState(
            lamp=BenchLamp(level=frame.level, rgb=frame.rgb),
            on_air=self.on_air.lit,
            camera=self.on_air.state,
            display=BenchDisplay(
                width=self.display.info.width,
                height=self.display.info.height,
                screen=shown.screen,
                text=shown.text,
            ),
            likes_lit=self.window_in.likes_lit,
            notes_shown=tuple(note.id for note in self.window_in.notes_shown),
            viewers=demand.h264 + demand.jpeg,
        )

    async def display_png(self) -> bytes:
        return await self.display.png()

    def press(self, button: Pressable, *, long: bool) -> None:
        pressed = self.buttons[button]
        if long:
            pressed.hold()
            asyncio.get_running_loop().call_later(LONG_S, pressed.release)
        else:
            pressed.press()

    def log(self) -> Sequence[LogLine]:
        return self.lines.lines()

    async def wait_beyond(self, seen: int) -> int:
        return await self.changes.wait_beyond(seen)
