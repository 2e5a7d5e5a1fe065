"""The bench of the demo, over the simulated hardware that the daemon is wired to."""

from collections.abc import Sequence
from dataclasses import dataclass

from likelight.appreciation.lamp.lamp import Lamp
from likelight.appreciation.window_in import WindowIn
from likelight.daemon.device import Device
from likelight.feed.hub import Hub
from likelight.gate.on_air import OnAir
from likelight.runtime.changes import Changes
from likelight.web.bench.log_lines import LogLine, LogLines
from likelight.web.bench.routes import BenchDisplay, BenchLamp, BenchState, Pressable
from likelight_hw.sim.button import SimButton
from likelight_hw.sim.display import SimDisplay


@dataclass(frozen=True, slots=True)
class DemoBench:
    """A `Bench`: it reads what the daemon's parts show, and presses the simulated buttons."""

    lamp: Lamp
    on_air: OnAir
    window_in: WindowIn
    hub: Hub
    display: SimDisplay
    buttons: dict[Pressable, SimButton]
    lines: LogLines
    changes: Changes
    phone: str | None
    cloud_page: str | None

    @property
    def display_version(self) -> int:
        return self.display.version

    def state(self) -> BenchState:
        frame, shown, demand = self.lamp.frame, self.window_in.screen, self.hub.demand
        return BenchState(
            lamp=BenchLamp(level=frame.level, rgb=frame.rgb),
            on_air=self.on_air.light.lit,
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
            phone=self.phone,
            cloud_page=self.cloud_page,
        )

    async def display_png(self) -> bytes:
        return await self.display.png()

    def press(self, button: Pressable) -> None:
        self.buttons[button].press()

    def hold(self, button: Pressable) -> None:
        self.buttons[button].hold()

    def release(self, button: Pressable) -> None:
        self.buttons[button].release()

    def log(self) -> Sequence[LogLine]:
        return self.lines.lines()

    async def wait_beyond(self, seen: int) -> int:
        return await self.changes.wait_beyond(seen)


def make_bench(
    device: Device, lines: LogLines, *, phone: str | None, cloud_page: str | None
) -> DemoBench | None:
    """Return the bench over the simulated hardware, or None where some of it is real.

    `phone` is where a phone on this network opens the page, if one can, and `cloud_page` where
    viewers do at a cloud elsewhere, if the device polls one.
    """
    hardware = device.hardware
    display, thanks, privacy = hardware.display, hardware.thanks, hardware.privacy
    if not (
        isinstance(display, SimDisplay)
        and isinstance(thanks, SimButton)
        and isinstance(privacy, SimButton)
    ):
        return None
    display.on_show = device.changes.bump
    return DemoBench(
        lamp=device.window_in.lamp,
        on_air=device.on_air,
        window_in=device.window_in,
        hub=device.feed.hub,
        display=display,
        buttons={"thanks": thanks, "privacy": privacy},
        lines=lines,
        changes=device.changes,
        phone=phone,
        cloud_page=cloud_page,
    )
