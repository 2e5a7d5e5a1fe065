"""The bench of the demo: what the crew has in front of them, to look at and to press."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Protocol

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from likelight.assets.qr_sheet import qr_svg
from likelight.contract import State, Strict, rfc3339
from likelight.web.bench.log_lines import LogLine
from likelight.web.http.body import read_body
from likelight.web.http.look_files import look_files
from likelight.web.http.static_files import page_route, read_folder, static_route

_FILES = {**look_files(), **read_folder(Path(__file__).parent / "static")}

# The lamp changes up to 50 times a second while it fades; 25 look smooth enough.
_PERIOD_S = 0.04
_KEEP_ALIVE_S = 20.0
_WRITE_TIMEOUT_S = 10.0
_PNG_TIMEOUT_S = 5.0

Pressable = Literal["thanks", "privacy"]
Byte = Annotated[int, Field(ge=0, le=255)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class BenchLamp(_Frozen):
    """Perceived brightness 0..1, and the colour, sRGB."""

    level: Annotated[float, Field(ge=0, le=1)]
    rgb: tuple[Byte, Byte, Byte]


class BenchDisplay(_Frozen):
    """The panel's size in pixels, the screen's name and the lines of text on it."""

    width: int
    height: int
    screen: str
    text: tuple[str, ...]


class BenchState(_Frozen):
    """What `GET /bench/state.json` answers; `likes_lit` is `lit_total` of the contract."""

    lamp: BenchLamp
    on_air: bool
    camera: State
    display: BenchDisplay
    likes_lit: int
    notes_shown: tuple[str, ...]
    viewers: int
    phone: str | None
    """Where a phone on this network opens the page; None where only this machine is let in."""
    cloud_page: str | None
    """Where viewers open the page at a cloud elsewhere, which lets no other site have it in a
    frame; None where this server has the page."""


class Bench(Protocol):
    """The simulated hardware and the daemon behind it, as the bench needs them."""

    @property
    def display_version(self) -> int:
        """Ascends each time the panel shows another image."""

    def state(self) -> BenchState: ...

    async def display_png(self) -> bytes:
        """Return the panel's current image as a PNG."""

    def press(self, button: Pressable) -> None:
        """Tap a button: press it and release it at once."""

    def hold(self, button: Pressable) -> None:
        """Press a button, and do not release it."""

    def release(self, button: Pressable) -> None:
        """Release a button."""

    def log(self) -> Sequence[LogLine]:
        """Return the newest events, oldest first."""

    async def wait_beyond(self, seen: int) -> int:
        """Return the version as soon as anything changed since version `seen`; 0 is the first."""


class _PressRequest(Strict):
    """A tap; or with `down` only the press (true) or only the release (false)."""

    button: Pressable
    down: bool | None = None


def bench_routes(bench: Bench) -> list[web.RouteDef]:
    """Return the routes of the bench page, its data and its buttons."""

    async def state(request: web.Request) -> web.Response:
        return _fresh(body=bench.state().model_dump_json().encode(), kind="application/json")

    async def display(request: web.Request) -> web.Response:
        async with asyncio.timeout(_PNG_TIMEOUT_S):
            return _fresh(body=await bench.display_png(), kind="image/png")

    async def press(request: web.Request) -> web.Response:
        wanted = await read_body(request, _PressRequest)
        act = {None: bench.press, True: bench.hold, False: bench.release}[wanted.down]
        act(wanted.button)
        return web.Response(status=204)

    async def phone(request: web.Request) -> web.Response:
        address = bench.state().phone
        if address is None:
            raise web.HTTPNotFound
        code = await asyncio.to_thread(qr_svg, address)
        return _fresh(body=code.encode(), kind="image/svg+xml")

    async def live(request: web.Request) -> web.StreamResponse:
        return await _stream(request, bench)

    return [
        page_route("/bench", _FILES["bench.html"]),
        web.get("/bench/state.json", state),
        web.get("/bench/display.png", display),
        web.get("/bench/phone.svg", phone),
        web.post("/bench/press", press),
        web.get("/bench/live", live),
        static_route("/static/bench", _FILES),
    ]


async def _stream(request: web.Request, bench: Bench) -> web.StreamResponse:
    """Send the state, the new log lines and the display's version whenever anything changed."""
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    response = web.StreamResponse(headers=headers)
    if request.method == "HEAD":
        return response
    await response.prepare(request)
    seen = last_line = 0
    try:
        while True:
            async with asyncio.timeout(_WRITE_TIMEOUT_S):
                lines = [line for line in bench.log() if line.n > last_line]
                last_line = lines[-1].n if lines else last_line
                await response.write(_event(bench, lines))
            seen = await _next_change(response, bench, seen)
            await asyncio.sleep(_PERIOD_S)
    except (ConnectionError, TimeoutError):
        return response


async def _next_change(response: web.StreamResponse, bench: Bench, seen: int) -> int:
    """Wait for a newer version than `seen`; send comments meanwhile to notice a dead connection."""
    while True:
        try:
            async with asyncio.timeout(_KEEP_ALIVE_S):
                return await bench.wait_beyond(seen)
        except TimeoutError:
            async with asyncio.timeout(_WRITE_TIMEOUT_S):
                await response.write(b": still here\n\n")


def _event(bench: Bench, lines: Sequence[LogLine]) -> bytes:
    event = {
        "state": bench.state().model_dump(mode="json"),
        "display": bench.display_version,
        "log": [
            {"n": line.n, "at": rfc3339(line.at), "level": line.level, "text": line.text}
            for line in lines
        ],
    }
    return f"event: bench\ndata: {json.dumps(event, separators=(',', ':'))}\n\n".encode()


def _fresh(*, body: bytes, kind: str) -> web.Response:
    return web.Response(body=body, content_type=kind, headers={"Cache-Control": "no-store"})
