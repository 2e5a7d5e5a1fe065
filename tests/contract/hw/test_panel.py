"""What all drivers get from the panel's thread: no exit hangs, nothing piles up, words for all."""

import asyncio
import logging
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

from likelight_hw.ports import DisplayInfo, HardwareError
from likelight_hw.rpi.luma_panel import LumaDriver
from likelight_hw.rpi.panel import PanelDisplay
from likelight_hw.wiring import DisplayWiring
from support.panel_rigs import LumaRig, rig

INFO = DisplayInfo(8, 4, "1", mm_per_px=0.2, reading_distance_m=1.0)


class Slate:
    """A panel driver that remembers its calls."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed = 0
        self.drawn: list[Image.Image] = []
        self.levels: list[float] = []
        self.flows = threading.Event()
        self.flows.set()
        self.error: Exception | None = None

    def open(self) -> "Slate":
        self.opened += 1
        return self

    def draw(self, image: Image.Image) -> None:
        assert self.flows.wait(30)
        if self.error is not None:
            raise self.error
        self.drawn.append(image)

    def dim(self, level: float) -> None:
        self.levels.append(level)

    def describe(self) -> str:
        return "a slate"

    def close(self) -> None:
        self.closed += 1


def paper() -> Image.Image:
    return Image.new(INFO.mode, (INFO.width, INFO.height))


def test_a_bus_that_hangs_for_ever_does_not_keep_the_process_from_its_end() -> None:
    script = """
import asyncio, threading
from PIL import Image
from likelight_hw.ports import DisplayInfo, HardwareError
from likelight_hw.rpi.panel import PanelDisplay

def never():
    threading.Event().wait()

async def main():
    display = PanelDisplay(DisplayInfo(8, 4, "1", 1.0, 1.0), never, name="slate", timeout_s=0.1)
    try:
        await display.show(Image.new("1", (8, 4)))
    except HardwareError as error:
        print(error)
    await display.close()

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=True
    )
    assert "the panel slate hangs: no answer within 0.1 s" in done.stdout


async def test_however_often_it_is_asked_meanwhile_one_image_waits_for_a_bus_that_hangs() -> None:
    slate = Slate()
    display = PanelDisplay(INFO, slate.open, name="slate", timeout_s=0.02)
    slate.flows.clear()
    newest = paper()
    for _ in range(20):
        newest = paper()
        with pytest.raises(HardwareError):
            await display.show(newest)
    slate.flows.set()
    while True:
        with suppress(HardwareError):
            await display.set_brightness(1.0)
            break
    # The one that hung, and the newest: nineteen others were never kept.
    assert len(slate.drawn) == 2
    await display.close()


async def test_how_a_call_failed_after_its_time_out_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    slate = Slate()
    display = PanelDisplay(INFO, slate.open, name="slate", timeout_s=0.02)
    slate.flows.clear()
    slate.error = OSError("the bus is gone")
    with caplog.at_level(logging.INFO):
        with pytest.raises(HardwareError, match="hangs"):
            await display.show(paper())
        assert "the bus is gone" not in caplog.text
        slate.flows.set()
        await display.close()
    assert [(record.name, record.getMessage()) for record in caplog.records] == [
        (
            "likelight_hw.rpi.panel",
            "A call to the panel slate failed after its time-out:"
            " the panel slate failed: the bus is gone",
        )
    ]


async def test_a_close_that_is_given_up_leaves_the_rest_to_the_thread() -> None:
    slate = Slate()
    display = PanelDisplay(INFO, slate.open, name="slate", timeout_s=30.0)
    slate.flows.clear()
    showing = asyncio.ensure_future(display.show(paper()))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await display.close()
    slate.flows.set()
    await showing
    with pytest.raises(HardwareError, match="has been closed"):
        await display.show(paper())
    await display.close()


async def test_nothing_is_drawn_or_dimmed_twice() -> None:
    slate = Slate()
    display = PanelDisplay(INFO, slate.open, name="slate")
    await display.show(paper())
    for level in (0.5, 0.5, 7.0, -1.0):
        await display.set_brightness(level)
    await display.close()
    assert len(slate.drawn) == 1
    assert slate.levels == [1.0, 0.5, 1.0, 0.0, 0.0]
    assert (slate.opened, slate.closed) == (1, 1)


async def test_a_drivers_own_mistake_is_in_the_log_and_takes_nobody_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    slate = Slate()
    display = PanelDisplay(INFO, slate.open, name="slate")
    slate.error = ZeroDivisionError("division by zero")
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            with pytest.raises(HardwareError, match="the panel slate failed: division by zero"):
                await display.show(paper())
    assert caplog.text.count("Traceback") == 1
    slate.error = None
    await display.show(paper())
    assert (slate.opened, slate.closed, len(slate.drawn)) == (4, 3, 1)
    await display.close()


async def test_a_panel_that_lost_its_power_unnoticed_lights_up_with_a_later_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    async with rig("sh1106-i2c", tmp_path, monkeypatch) as made:
        display = PanelDisplay(
            made.display.info,
            lambda: LumaDriver(DisplayWiring("luma", "oled-1.3")),
            name="oled-1.3",
            renew_s=600.0,
            monotonic=lambda: now,
        )
        white = Image.new("1", (128, 64), 255)
        await display.show(white)
        cast(LumaRig, made).chip.reset()
        now = 599.0
        await display.show(white)
        assert (await made.seen()).getbbox() is None
        now = 600.0
        await display.show(white)
        assert (await made.seen()).tobytes() == white.tobytes()
        await display.close()


async def test_a_probe_says_what_is_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, words in (
        ("ssd1306-i2c", "SSD1306 at 0x3C on /dev/i2c-1"),
        ("st7789-spi", "ST7789 at /dev/spidev0.0"),
        ("framebuffer-16", "320x240, 16 bits per pixel, a backlight"),
    ):
        async with rig(name, tmp_path, monkeypatch) as made:
            assert words in await made.display.probe()  # type: ignore[attr-defined]
