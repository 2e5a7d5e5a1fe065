"""The bench behind its page, moved by a test."""

import asyncio
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from PIL import Image, ImageDraw

from likelight.contract import (
    State,
)
from likelight.runtime.changes import Changes
from likelight.web.bench.log_lines import LogLine
from likelight.web.bench.routes import BenchDisplay, BenchLamp, BenchState, Pressable, bench_routes


class StubBench:
    """A bench whose hardware a test moves by hand."""

    def __init__(self) -> None:
        self._changes = Changes()
        self._lines: list[LogLine] = []
        self._state = BenchState(
            lamp=BenchLamp(level=0.15, rgb=(255, 217, 160)),
            on_air=False,
            camera=State.IDLE,
            display=BenchDisplay(width=1024, height=600, screen="idle", text=("Hello",)),
            likes_lit=0,
            notes_shown=(),
            viewers=0,
            phone=None,
            cloud_page=None,
        )
        self.display_version = 1
        self.pressed: list[str] = []

    def move(self, **fields: Any) -> None:
        """Change parts of the state."""
        self._state = self._state.model_copy(update=fields)
        self._changes.bump()

    def show(self, screen: str, *text: str) -> None:
        """Put another screen on the panel."""
        self.display_version += 1
        self.move(display=BenchDisplay(width=1024, height=600, screen=screen, text=text))

    def happen(self, text: str, level: str = "info") -> None:
        """Log an event."""
        self._lines.append(LogLine(len(self._lines) + 1, datetime.now(UTC), level, text))
        self._changes.bump()

    def state(self) -> BenchState:
        return self._state

    async def display_png(self) -> bytes:
        return await asyncio.to_thread(_panel, self._state.display.text)

    def press(self, button: Pressable) -> None:
        self.pressed.append(button)
        self.happen(f"Somebody pressed {button.upper()}.")

    def hold(self, button: Pressable) -> None:
        self.pressed.append(f"{button} down")
        self.happen(f"Somebody holds {button.upper()}.")

    def release(self, button: Pressable) -> None:
        self.pressed.append(f"{button} up")
        self.happen(f"Somebody let go of {button.upper()}.")

    def log(self) -> Sequence[LogLine]:
        return self._lines

    async def wait_beyond(self, seen: int) -> int:
        return await self._changes.wait_beyond(seen)

    def routes(self) -> list[web.RouteDef]:
        return bench_routes(self)


def _panel(text: tuple[str, ...]) -> bytes:
    image = Image.new("RGB", (1024, 600), "#171411")
    ImageDraw.Draw(image).text((512, 300), "\n".join(text), "#FFF3E2", anchor="mm", font_size=96)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
