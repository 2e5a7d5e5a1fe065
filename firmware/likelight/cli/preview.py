"""Taking one picture of a running device as viewers get it, and drawing a grid over it."""

import http.client
import io
import time
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image, ImageDraw, ImageFont

from likelight.assets.fonts import BOLD
from likelight.cli.target import Target
from likelight.contract import State
from likelight.web.control.client import CommandRefused, NotRunning, call
from likelight.web.control.messages import StatusAnswer
from likelight.web.http.address import shown_address

ANSWERS_WITHIN_S = 5.0
LIVE_WITHIN_S = 10.0
"""A sensor that was off takes 1 to 2 s to its first frame."""
LOOK_EVERY_S = 0.25

FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}

WHY_NOT = {
    State.PRIVATE: "the crew pressed PRIVACY; only the crew can share again",
    State.CLOSED: "the kitchen is closed by its schedule",
    State.OFF: "it is switched off, or the crew hasn't consented to it",
    State.FAULT: "it is in trouble; `likelight doctor` says which",
}


class NoPreview(Exception):
    """There is no picture to show; the message says why, and what to do."""


def preview(target: Target, out: Path) -> tuple[int, int]:
    """Write to `out` the picture of the running device `target`; return its size.

    This counts as watching: it opens the gate of an idle kitchen, and the on-air light goes on.
    Raises `NoPreview` when the gate stays shut, when no device runs, or when `out` can't be
    written.
    """
    form = FORMATS.get(out.suffix.lower())
    if form is None:
        raise NoPreview(f"{out} is not a picture's name; let it end with .jpg or .png")
    image = with_grid(Image.open(io.BytesIO(_picture(target)), formats=["JPEG"]).convert("RGB"))
    file = io.BytesIO()
    image.save(file, form, quality=90)
    try:
        out.write_bytes(file.getvalue())
    except OSError as error:
        raise NoPreview(f"can't write {out}: {error.strerror}") from error
    return image.size


def with_grid(image: Image.Image) -> Image.Image:
    """Return `image` with a line at each tenth of its width and height, each with its fraction."""
    width, height = image.size
    lined = image.copy()
    draw = ImageDraw.Draw(lined, "RGBA")
    font = ImageFont.truetype(BOLD, max(10, height // 45))
    for tenth in range(1, 10):
        x, y = round(tenth * width / 10), round(tenth * height / 10)
        for box in ((x, 0, x, height), (0, y, width, y)):
            draw.line(box, fill=(255, 255, 255, 150 if tenth == 5 else 90))
        for at in ((x + 3, 2), (3, y + 2)):
            draw.text(
                at, f"0.{tenth}", (255, 255, 255), font, stroke_width=2, stroke_fill=(0, 0, 0)
            )
    return lined


def _picture(target: Target) -> bytes:
    """Return a JPEG that was taken while the kitchen was live."""
    config, socket = target.config, target.socket
    address = urlsplit(shown_address(config.web.host, config.web.port))
    assert address.hostname
    connection = http.client.HTTPConnection(
        address.hostname, address.port, timeout=ANSWERS_WITHIN_S
    )
    snapshot = f"/k/{config.kitchen.id}/snapshot.jpg"
    try:
        _refuse_unless(_state(socket), State.LIVE, State.IDLE)
        _get(connection, snapshot)  # wakes an idle camera, and may be the placeholder that says so
        _wait_until_live(socket)
        picture = _get(connection, snapshot)
        _refuse_unless(_state(socket), State.LIVE)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoPreview(
            f"no likelight answers at {address.geturl()} ({error}); is the daemon running with "
            "this configuration?"
        ) from error
    finally:
        connection.close()
    return picture


def _wait_until_live(socket: Path) -> None:
    until = time.monotonic() + LIVE_WITHIN_S
    while (state := _state(socket)) is State.IDLE:
        if time.monotonic() > until:
            raise NoPreview(f"the camera gave no picture within {LIVE_WITHIN_S:.0f} s")
        time.sleep(LOOK_EVERY_S)
    _refuse_unless(state, State.LIVE)


def _refuse_unless(state: State, *fine: State) -> None:
    if state not in fine:
        why = WHY_NOT.get(state, "nobody watches")
        raise NoPreview(f"the camera is not on the air: {why}")


def _state(socket: Path) -> State:
    try:
        return call(socket, "GET", "/status", StatusAnswer, timeout_s=ANSWERS_WITHIN_S).state
    except (NotRunning, CommandRefused) as error:
        raise NoPreview(str(error)) from error


def _get(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    reply = connection.getresponse()
    body = reply.read()
    if reply.status != http.client.OK:
        raise http.client.HTTPException(f"{path} gives {reply.status} {reply.reason}")
    return body
