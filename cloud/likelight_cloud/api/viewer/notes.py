"""`POST /v1/kitchens/{kid}/notes` and `GET /v1/notes/{id}`: prepared notes, and how far each has
come."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

from aiohttp import web

from likelight.contract import (
    NOTE_TTL_MOST_S,
    NOTE_TTL_OPEN_S,
    NOTE_TTL_S,
    NoteRequest,
    NoteState,
    NoteStatus,
)
from likelight.contract.problem import FieldError, ProblemType
from likelight.runtime.printable import printable
from likelight.runtime.store_errors import StoreError
from likelight.web.http.body import json_answer, read_body
from likelight.web.http.client_address import client_of
from likelight.web.http.declared import Header, Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.viewer.who import VIEWER, over_limit, own_key, viewer_of
from likelight_cloud.app import BUSY, CLOUD, IN_KITCHEN, Cloud
from likelight_cloud.kitchens.kitchen import Kitchen
from likelight_cloud.kitchens.waiting import Sender
from likelight_cloud.store.base import CONFIRM_WITHIN_S, KeyReusedError
from likelight_cloud.store.records import NoteRecord, Report
from likelight_cloud.trust.limits import NOTE_EVERY_S

KEY = Header(
    "Idempotency-Key",
    r"^[\x21-\x7e]{1,128}$",
    "Drawn anew for each note; the same key and body get the same answer again.",
    required=True,
)

ROOM_AGAIN_S = 600.0
"""When a viewer for whose note there is no room asks again; nobody knows when a panel shows the
others, if not when the kitchen opens."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@declares(
    Part.VIEWER,
    "Send a prepared note to the crew",
    {201: NoteStatus},
    {
        **IN_KITCHEN,
        400: "The body can't be parsed, or there is no usable `Idempotency-Key`.",
        422: "`invalid`: there is no such note, or the key was used for another one.",
        429: "Over a limit (`limit`), or no room for a note that would wait (`full`).",
    },
    request=NoteRequest,
    headers=(KEY, VIEWER),
)
async def post_note(request: web.Request) -> web.Response:
    """Queue a note for the crew. The same key and body get the same answer again."""
    key = request.headers.get(KEY.name, "")
    if not re.fullmatch(KEY.pattern, key):
        raise ProblemError(
            400, "Send an Idempotency-Key of 1 to 128 visible ASCII characters, such as a new UUID."
        )
    note, viewer = await queue_note(request, await read_body(request, NoteRequest), key)
    response = json_answer(
        NoteStatus(
            id=note.id,
            state=NoteState.QUEUED,
            created_at=note.created_at,
            expires_at=note.expires_at,
            next_at=_next_at(request.app[CLOUD], viewer, note),
        ),
        status=201,
        exclude_none=True,
    )
    request.app[CLOUD].viewers.keep(request, response, viewer)
    return response


def _next_at(cloud: Cloud, viewer: str, note: NoteRecord) -> datetime | None:
    """Return when `viewer` may send another one; None where the day's last was `note`."""
    times = cloud.note_times.known(viewer, note.kid)
    wait_s = times.wait(asyncio.get_running_loop().time()) if times else 0.0
    soon = 0.0 < wait_s <= NOTE_EVERY_S
    return note.created_at + timedelta(seconds=NOTE_EVERY_S) if soon else None


async def queue_note(request: web.Request, asked: NoteRequest, key: str) -> tuple[NoteRecord, str]:
    """Return the note that `request` sends under its own `key`, and the viewer's token.

    Raises a 404 for an unknown kitchen, a 422 for an unknown code and a 429 over a limit.
    """
    cloud = request.app[CLOUD]
    kitchen = await cloud.kitchen(request.match_info["kid"])
    ceiling = cloud.ceilings(kitchen.record.kid).notes
    viewer = viewer_of(request, kitchen.record.kid, key, ceiling, 1)
    sender = Sender(viewer, cloud.newcomers.hidden_prefix(client_of(request)))
    try:
        return await _queue(cloud, kitchen, sender, key, asked), viewer
    except KeyReusedError as error:
        raise ProblemError(
            422,
            "This Idempotency-Key was used for another note. Send this one under a new key.",
            type=ProblemType.INVALID,
        ) from error


@declares(
    Part.VIEWER,
    "How far a note has come",
    {200: NoteStatus},
    {**BUSY, 404: "There is no note with this id."},
)
async def get_note(request: web.Request) -> web.Response:
    """Return how far a note has come; nobody but its sender knows the id."""
    status = await note_status(request.app[CLOUD], request.match_info["id"])
    if status is None:
        raise ProblemError(404, "There is no note with this id.")
    return json_answer(status, exclude_none=True)


async def note_status(cloud: Cloud, id: str) -> NoteStatus | None:
    """Return how far the note `id` has come, None when there is none."""
    known = await cloud.store.note(id)
    if known is None:
        return None
    at = cloud.now()
    note = known.told_at(at)
    return NoteStatus(
        id=note.id,
        state=note.state(at, waits=_waits(await cloud.kitchen(note.kid))),
        created_at=note.created_at,
        delivered_at=note.delivered_at,
        shown_at=note.shown_at,
        thanked_at=note.thanked_at,
        expires_at=note.expires_at,
    )


async def check_code(cloud: Cloud, kitchen: Kitchen, code: str) -> None:
    """Raise a 422 for a note that the kitchen does not show."""
    if code not in (await cloud.offered.of(kitchen.catalogue)).codes():
        kid = kitchen.record.kid
        raise ProblemError(
            422,
            f"code: there is no note called {printable(code)} in this kitchen. "
            f"GET /v1/kitchens/{kid}/catalogue lists them.",
            type=ProblemType.INVALID,
            errors=(FieldError(field="code", detail="not in the catalogue"),),
        )


async def _queue(
    cloud: Cloud, kitchen: Kitchen, sender: Sender, key: str, asked: NoteRequest
) -> NoteRecord:
    """Return the sender's note under `key`, new or known; raise a 429 over a limit."""
    kid, key = kitchen.record.kid, own_key(sender.viewer, key)
    with ExitStack() as given_back, ExitStack() as storing:
        # One after another: otherwise the first of two equal requests would put the second over
        # the limit. But they are committed together.
        async with notes_turn(kitchen):
            known = kitchen.waiting.underway(key)
            if not known and await cloud.store.note_by_key(kid, key) is None:
                # Of a new one only: the kitchen may show other notes by the time it is repeated.
                await check_code(cloud, kitchen, asked.code)
                given_back.callback(await _take(cloud, kitchen, sender))
            now = cloud.now()
            id = new_note_id(now)
            storing.enter_context(kitchen.waiting.storing(id, key, sender))
        note = await cloud.store.add_note(
            kid,
            id=id,
            code=asked.code,
            key=key,
            at=now,
            expires_at=expiry(now, kitchen.record.report),
            source=asked.source,
        )
        # One that was not confirmed comes again, under its key: that must not be over a limit.
        given_back.pop_all()
    if note.id == id:  # one that was there before may be of another week
        cloud.many_viewers.note_came(kid, kitchen.record.zone, sender.viewer, note.code, now)
    return note.told_at(now)


@asynccontextmanager
async def notes_turn(kitchen: Kitchen) -> AsyncIterator[None]:
    """Hold the kitchen's lock. Raises `StoreError` while the notes before hang in the database."""
    try:
        async with asyncio.timeout(CONFIRM_WITHIN_S):
            await kitchen.notes_lock.acquire()
    except TimeoutError as error:
        raise StoreError("the notes before this one are not confirmed") from error
    try:
        yield
    finally:
        kitchen.notes_lock.release()


async def _take(cloud: Cloud, kitchen: Kitchen, sender: Sender) -> Callable[[], None]:
    """Take one note from each limit; return what gives it back. Raises a 429 over one."""
    kid, at = kitchen.record.kid, asyncio.get_running_loop().time()
    times = cloud.note_times.of(sender.viewer, kid, at)
    wait_s = times.wait(at)
    if wait_s > 0:
        raise over_limit("The crew is reading your last note. One moment.", wait_s)
    leave = await take_place(cloud, kitchen, sender)
    times.take(at)

    def give_back() -> None:
        times.give_back()
        leave()

    return give_back


async def take_place(cloud: Cloud, kitchen: Kitchen, sender: Sender) -> Callable[[], None]:
    """Take a place among the notes that wait, and a note of the kitchen's ceiling; return what
    gives the latter back. Raises a 429 where there is none."""
    kid, at = kitchen.record.kid, asyncio.get_running_loop().time()
    ceiling = cloud.ceilings(kid).notes
    waiting = dict.fromkeys(kitchen.waiting.ids_underway)
    waiting |= dict.fromkeys(await cloud.store.waiting(kid, cloud.now()))
    if not kitchen.waiting.has_room(tuple(waiting), sender):
        ceiling.ask(1, at)
        raise over_limit(
            "Many notes wait for the crew already. Send yours when they have read some.",
            _room_in(kitchen, cloud.now()),
            ProblemType.FULL,
        )
    taken, wait_s = ceiling.take(1, at)
    if not taken:
        raise over_limit("Very many are writing to this crew just now. One moment.", wait_s)
    return partial(ceiling.give_back, 1)


def expiry(sent_at: datetime, report: Report | None) -> datetime:
    """Return when a note expires that is sent at `sent_at`; the kitchen's device says `report`.

    One for a closed kitchen must be there when that opens.
    """
    least = sent_at + timedelta(seconds=NOTE_TTL_S)
    if report is None or report.opens_at is None:
        return least
    opened = report.opens_at + timedelta(seconds=NOTE_TTL_OPEN_S)
    return min(max(least, opened), sent_at + timedelta(seconds=NOTE_TTL_MOST_S))


def _room_in(kitchen: Kitchen, now: datetime) -> float:
    """Return in how many seconds there may be room: when the kitchen opens, if that is known."""
    report = kitchen.record.report
    if report is None or report.opens_at is None or report.opens_at <= now:
        return ROOM_AGAIN_S
    return (report.opens_at - now).total_seconds()


def _waits(kitchen: Kitchen) -> bool:
    report = kitchen.record.report
    return report is not None and report.notes_wait


def new_note_id(at: datetime) -> str:
    """Return a ULID: 26 characters, in order of time, with 80 random bits that nobody can guess."""
    value = int(at.timestamp() * 1000) << 80 | int.from_bytes(secrets.token_bytes(10))
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))
