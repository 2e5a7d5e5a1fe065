"""Chromium, the two pages as a person uses them, and scripted servers for each of them."""

import asyncio
import io
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from aiohttp import web
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from likelight.contract import (
    PROBLEM_JSON,
    Catalogue,
    CatalogueNote,
    LightReport,
    NoteState,
    State,
    Summary,
    SummaryLikes,
    SummaryNotes,
    SummaryViewers,
)
from likelight.runtime.changes import Changes
from likelight.web.bench.log_lines import LogLine
from likelight.web.bench.routes import BenchDisplay, BenchLamp, BenchState, Pressable, bench_routes
from likelight_cloud.page import page_routes

ARTIFACTS = Path(__file__).parents[1] / ".artifacts"
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}

Theme = Literal["light", "dark"]


@asynccontextmanager
async def chromium_page(
    browser: Browser,
    url: str,
    *,
    viewport: ViewportSize = PHONE,
    theme: Theme = "light",
    calm: bool = False,
    javascript: bool = True,
) -> AsyncIterator[Page]:
    """Open `url` in a fresh profile; an uncaught error on the page fails the test."""
    context = await browser.new_context(
        viewport=viewport,
        color_scheme=theme,
        reduced_motion="reduce" if calm else "no-preference",
        java_script_enabled=javascript,
        timezone_id="Europe/Berlin",
        locale="en-GB",
    )
    try:
        page = await context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: _refused(line.text, errors))
        await page.goto(url)
        yield page
        assert not errors, errors
    finally:
        await context.close()


def _refused(line: str, errors: list[str]) -> None:
    if "Content Security Policy" in line:
        errors.append(line)


async def photograph(page: Page, name: str) -> None:
    """Keep a screenshot of the page among the artifacts of the tests."""
    await asyncio.to_thread(ARTIFACTS.mkdir, exist_ok=True)
    await page.screenshot(path=ARTIFACTS / f"{name}.png")


class ViewerPage:
    """The viewer's page `/k/{kid}`, by what a viewer sees."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.like = page.locator("#like")
        self.total = page.locator("#total")
        self.state = page.locator("#state")
        self.receipt = page.locator("#receipt")
        self.badge = page.locator("#badge")

    def note(self, code: str) -> Locator:
        """The chip of the note `code`."""
        return self.page.locator(f'#notes [data-code="{code}"]')

    async def tap(self, times: int = 1) -> None:
        """Tap the heart so often at one moment, however slow the machine is."""
        await self.like.evaluate("(heart, times) => { while (times--) heart.click(); }", times)

    async def says(self, words: str) -> None:
        """Wait until the state's line says exactly `words`."""
        await expect(self.state).to_have_text(words)

    async def receives(self, words: str | re.Pattern[str]) -> None:
        """Wait until a receipt says `words`; a count of seconds stands for one second only."""
        await expect(self.receipt).to_contain_text(words)

    async def counts(self, total: int) -> None:
        """Wait until the total of likes is `total`."""
        await expect(self.total).to_have_attribute("data-total", str(total))


class BenchPage:
    """The bench's page, by what a person sees there."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.lamp = page.locator("#lamp")
        self.on_air = page.locator("#on-air")
        self.camera = page.locator("#camera")
        self.log = page.locator("#log li")
        self.likes = page.locator("#likes")
        self.display = page.locator("#display")

    def button(self, name: str) -> Locator:
        """The button THANKS or PRIVACY."""
        return self.page.get_by_role("button", name=name, exact=True)


PLAYER = """
// Stands in for the feed's player: a still, and its callbacks at hand as `window.player`.
export class Player {
  constructor(options) { this.options = options; window.player = this; }
  start() {
    const canvas = document.createElement("canvas");
    canvas.width = 1280; canvas.height = 720;
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#4a3a2c"; pen.fillRect(0, 0, 1280, 720);
    pen.fillStyle = "#6f5842"; pen.fillRect(0, 500, 1280, 220);
    pen.fillStyle = "#ffd9a0"; pen.beginPath(); pen.arc(900, 200, 70, 0, 7); pen.fill();
    pen.fillStyle = "#fff3e2"; pen.fillRect(500, 320, 140, 220);
    pen.beginPath(); pen.arc(570, 280, 56, 0, 7); pen.fill();
    this.options.stage.replaceChildren(canvas);
  }
  stop() { this.options.stage.replaceChildren(); }
}
"""

Answer = Callable[[web.Request], web.StreamResponse]


class StubCloud:
    """The viewer's endpoints, scripted: what it was sent it keeps, what it says a test decides.

    `like_answers` and `note_answers` hold answers for the next requests; while not `reachable`,
    those requests arrive and their connections break.
    """

    def __init__(self) -> None:
        self.summary = Summary(
            kid="demo",
            name="The corner kitchen",
            state=State.LIVE,
            since=datetime.now(UTC) - timedelta(minutes=1),
            simulated=True,
            likes=SummaryLikes(total=1204),
            notes=SummaryNotes(total=3, shown=3),
            lamp=LightReport(lit_total=1204),
            viewers=SummaryViewers(band="30-49"),
            server_time=datetime.now(UTC),
        )
        self.catalogue = Catalogue(
            lang="en",
            dir="ltr",
            version="1",
            notes=tuple(
                CatalogueNote(code=code, text=text, icon=icon)
                for code, text, icon in (
                    ("heroes", "You are heroes", "star"),
                    ("thank_you", "Thank you, kitchen", "hands"),
                    ("smells_good", "It smells good from here", "flame"),
                    ("hello", "Hello from far away", "wave"),
                    ("perfect_pizza", "A perfect pizza", "pizza"),
                    ("with_care", "Made with care", "heart"),
                )
            ),
        )
        self.likes: list[dict[str, Any]] = []
        self.like_answers: deque[Answer] = deque()
        self.notes: list[tuple[str, str]] = []
        self.note_answers: deque[Answer] = deque()
        self.note_state = NoteState.QUEUED
        self.views: list[str] = []
        self.streaming = True
        self.answering = True
        self.has_player = True
        self.reachable = True
        self._changes = Changes()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until what the page has sent makes `true` true."""
        seen = self._changes.version
        async with asyncio.timeout(20):
            while not true():
                seen = await self._changes.wait_beyond(seen)

    def tell(self, **fields: Any) -> None:
        """Change the summary; `since` moves along with a new state. Followers hear it."""
        now = datetime.now(UTC)
        moved = {"since": now} if "state" in fields else {}
        self.summary = self.summary.model_copy(update={**moved, **fields, "server_time": now})
        self._changes.bump()

    def light(self, total: int, at: datetime) -> None:
        """The device reports that its lamp has shown `total`."""
        self.tell(lamp=LightReport(lit_total=total, last_lit_at=at))

    def note_shown(self) -> None:
        """The device reports that the note was on its screen."""
        self.note_state = NoteState.SHOWN
        shown = self.summary.notes.shown + 1
        self.tell(notes=SummaryNotes(total=shown, shown=shown))

    def thank(self) -> None:
        """The crew pressed THANKS."""
        self.note_state = NoteState.THANKED
        self.tell(thanks_at=datetime.now(UTC))

    def vanish(self) -> None:
        """Answer no summary any more, and end the streams."""
        self.answering = False
        self.end_streams()

    def end_streams(self) -> None:
        """Offer no event stream any more; the summary still answers."""
        self.streaming = False
        self._changes.bump()

    def come_back(self) -> None:
        """Answer as before."""
        self.answering = self.streaming = True

    def routes(self) -> list[web.RouteDef]:
        return [
            *page_routes(self._knows),
            web.get("/player/player.js", self._player),
            web.get("/v1/catalogue", self._catalogue),
            web.get("/v1/kitchens/demo", self._summary),
            web.get("/v1/kitchens/demo/live", self._live),
            web.post("/v1/kitchens/demo/likes", self._likes),
            web.post("/v1/kitchens/demo/notes", self._notes),
            web.get("/v1/notes/n1", self._note),
            web.post("/v1/kitchens/demo/watching", self._watching),
        ]

    async def _knows(self, kid: str) -> bool:
        return kid == "demo"

    async def _player(self, _: web.Request) -> web.Response:
        if not self.has_player:
            raise web.HTTPNotFound
        return web.Response(text=PLAYER, content_type="text/javascript")

    async def _catalogue(self, _: web.Request) -> web.Response:
        return _json(self.catalogue.model_dump_json())

    async def _summary(self, _: web.Request) -> web.Response:
        if not self.answering:
            return web.Response(status=503)
        return _json(self.summary.model_dump_json())

    async def _live(self, request: web.Request) -> web.StreamResponse:
        if not self.streaming:
            return web.Response(status=503)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        seen = self._changes.version
        try:
            while self.streaming:
                told = f"event: summary\ndata: {self.summary.model_dump_json()}\n\n"
                await response.write(told.encode())
                seen = await self._changes.wait_beyond(seen)
        except ConnectionError:
            return response
        return response

    async def _likes(self, request: web.Request) -> web.StreamResponse:
        batch = await request.json()
        self.likes.append(batch)
        self._changes.bump()
        if not self.reachable:
            return _broken(request)
        if self.like_answers:
            return self.like_answers.popleft()(request)
        total = self.summary.likes.total + batch["n"]
        self.tell(likes=SummaryLikes(total=total))
        reply = {"accepted": batch["n"], "total": total, "retry_after_ms": 0}
        return web.json_response(reply, status=202)

    async def _notes(self, request: web.Request) -> web.StreamResponse:
        code = (await request.json())["code"]
        self.notes.append((code, request.headers["Idempotency-Key"]))
        self._changes.bump()
        if not self.reachable:
            return _broken(request)
        if self.note_answers:
            return self.note_answers.popleft()(request)
        return web.json_response({"id": "n1", "state": "queued"}, status=201)

    async def _note(self, _: web.Request) -> web.Response:
        return web.json_response({"id": "n1", "state": self.note_state})

    async def _watching(self, request: web.Request) -> web.Response:
        self.views.append((await request.json())["view"])
        self._changes.bump()
        return web.Response(status=204)


def too_many(retry_after: int) -> Answer:
    """An answer: 429, come back in `retry_after` seconds."""

    def answer(_: web.Request) -> web.Response:
        headers = {"Retry-After": str(retry_after)}
        body = '{"title": "Too many", "status": 429}'
        return web.Response(status=429, headers=headers, text=body, content_type=PROBLEM_JSON)

    return answer


def _broken(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _json(body: str) -> web.Response:
    return web.Response(text=body, content_type="application/json")


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


@asynccontextmanager
async def serving(routes: Sequence[web.RouteDef]) -> AsyncIterator[str]:
    """Serve `routes` on a free port of this machine; yields the address, without a slash."""
    app = web.Application()
    app.add_routes(routes)
    # A stream whose page has gone would wait for ever for its next change: cancel its handler.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
