"""The endpoints of the viewer's page, scripted by a test."""

import asyncio
import json
import os
import secrets
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from aiohttp import web

from likelight.assets.catalogue import Notes
from likelight.contract import (
    Catalogue,
    CatalogueNote,
    LampLit,
    NoteState,
    State,
    Summary,
    SummaryLikes,
    SummaryNotes,
    SummaryViewers,
    Thanks,
)
from likelight.contract.problem import PROBLEM_JSON, ProblemType
from likelight.runtime.changes import Changes
from likelight.web.http.problems import ProblemError
from likelight.web.http.public_site import PublicSite
from likelight_cloud.page import page_routes
from likelight_cloud.page.files import MODULES, PageFiles, apart, bundled
from likelight_cloud.page.kitchen import Became
from support.waiting import WITHIN_S

PLAYER = """
// Stands in for the feed's player: one picture, and its callbacks at hand as `window.player`.
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
    const look = () => document.hidden && this.options.onUnseen();
    document.addEventListener("visibilitychange", look);
    look();
  }
  stop() { this.options.stage.replaceChildren(); }
}
"""

Answer = Callable[[web.Request], web.StreamResponse]


class StubCloud:
    """The viewer's endpoints, scripted: what it was sent it keeps, what it says a test decides.

    `like_answers` and `note_answers` hold answers for the next requests; while not `reachable`,
    those requests arrive and their connections break. `files` are the page's.
    """

    def __init__(
        self,
        site: PublicSite = PublicSite(),  # noqa: B008  frozen
        files: PageFiles | None = None,
    ) -> None:
        self.site = site
        self._files = files or page_files()
        self.streams = 0
        """Event streams that are open now."""
        self.summary = Summary(
            kid="demo",
            name="The corner kitchen",
            state=State.LIVE,
            since=datetime.now(UTC) - timedelta(minutes=1),
            simulated=True,
            likes=SummaryLikes(total=1204),
            notes=SummaryNotes(total=3, shown=3),
            lamp=LampLit(lit_total=1204),
            viewers=SummaryViewers(band="30-49"),
            server_time=datetime.now(UTC),
        )
        self.catalogue = Catalogue(
            lang="en",
            dir="ltr",
            version="1",
            notes=tuple(
                CatalogueNote(code=code, text=text, icon=icon, group="thanks")
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
        self.hold_likes: asyncio.Event | None = None
        """Likes that have arrived are answered once it is set."""
        self.note_state: NoteState | None = NoteState.QUEUED
        self.views: list[str] = []
        self.ended: list[str] = []
        """Views whose page was left."""
        self.streaming = True
        self.mute = False
        """The event stream stays open and says nothing any more."""
        self.answering = True
        self.reachable = True
        self._changes = Changes()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until what the page has sent makes `true` true."""
        seen = self._changes.version
        async with asyncio.timeout(WITHIN_S):
            while not true():
                seen = await self._changes.wait_beyond(seen)

    def tell(self, **fields: Any) -> None:
        """Change the summary; `since` moves along with a new state. Followers get it."""
        now = datetime.now(UTC)
        moved = {"since": now} if "state" in fields else {}
        self.summary = self.summary.model_copy(update={**moved, **fields, "server_time": now})
        self._changes.bump()

    def light(self, total: int, at: datetime) -> None:
        """The device reports that its lamp has shown `total`."""
        self.tell(lamp=LampLit(lit_total=total, last_lit_at=at))

    def note_shown(self) -> None:
        """The device reports that the note was on its screen."""
        self.note_state = NoteState.SHOWN
        shown = self.summary.notes.shown + 1
        self.tell(notes=SummaryNotes(total=shown, shown=shown))

    def lose_the_note(self) -> None:
        """The cloud came back from a backup that does not have the note."""
        self.note_state = None
        self.tell(notes=SummaryNotes(total=2, shown=2))

    def thank(self) -> None:
        """The crew pressed THANKS."""
        self.note_state = NoteState.THANKED
        self.tell(thanks=Thanks(id=secrets.token_hex(4), at=datetime.now(UTC)))

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
            *page_routes(
                self._look,
                self._offered,
                self._became,
                self.site,
                self._files,
            ),
            web.get("/player/player.js", self._player),
            web.get("/v1/kitchens/demo", self._summary),
            web.get("/v1/kitchens/demo/live", self._live),
            web.post("/v1/kitchens/demo/likes", self._likes),
            web.post("/v1/kitchens/demo/notes", self._notes),
            web.get("/v1/notes/n1", self._note),
            web.post("/v1/kitchens/demo/watching", self._watching),
        ]

    async def _look(self, kid: str) -> Summary | None:
        if kid == "demo":
            return self.summary if self.answering else None
        if kid == "removed":  # a moment ago: the page came, nothing else does
            return None
        raise ProblemError(404, "There is no such kitchen.", type=ProblemType.KITCHEN)

    async def _offered(self, _: Summary | None) -> Notes:
        return Notes({"en": self.catalogue, self.catalogue.lang: self.catalogue})

    async def _became(self, _: web.Request) -> Became:
        return {}

    async def _player(self, _: web.Request) -> web.Response:
        return web.Response(text=PLAYER, content_type="text/javascript")

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
        self.streams += 1
        try:
            while self.streaming:
                while self.mute:
                    seen = await self._changes.wait_beyond(seen)
                told = f"event: summary\ndata: {self.summary.model_dump_json()}\n\n"
                await response.write(told.encode())
                seen = await self._changes.wait_beyond(seen)
        except ConnectionError:
            return response
        finally:
            self.streams -= 1
        return response

    async def _likes(self, request: web.Request) -> web.StreamResponse:
        batch = await request.json()
        self.likes.append(batch)
        self._changes.bump()
        if not self.reachable:
            return _broken(request)
        if self.hold_likes is not None:
            await self.hold_likes.wait()
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
        times = {"created_at": "2026-11-21T12:00:00Z", "next_at": "2026-11-21T12:00:20Z"}
        return web.json_response({"id": "n1", "state": "queued", **times}, status=201)

    async def _note(self, _: web.Request) -> web.Response:
        if self.note_state is None:
            return web.Response(status=404)
        return web.json_response({"id": "n1", "state": self.note_state})

    async def _watching(self, request: web.Request) -> web.Response:
        watching = await request.json()
        (self.ended if watching.get("end") else self.views).append(watching["view"])
        self._changes.bump()
        return web.Response(status=204)


@cache
def page_files(form: str = os.environ.get("LIKELIGHT_PAGE", "bundled")) -> PageFiles:
    """Return the page's files with the player that stands in: "bundled", or each file "apart".

    A run may ask for the form of all that do not name one.
    """
    if form == "apart":
        return apart()
    return bundled({**MODULES, "/player/player.js": PLAYER})


def too_many(retry_after: int, type: str = "urn:likelight:problem:limit") -> Answer:
    """An answer: 429, come back in `retry_after` seconds."""

    def answer(_: web.Request) -> web.Response:
        headers = {"Retry-After": str(retry_after)}
        body = json.dumps({"type": type, "title": "Too many", "status": 429})
        return web.Response(status=429, headers=headers, text=body, content_type=PROBLEM_JSON)

    return answer


def _broken(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _json(body: str) -> web.Response:
    return web.Response(text=body, content_type="application/json")
