"""`GET /v1/kitchens/{kid}/events`: the long poll of a device."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from likelight.contract import MAX_WAIT_S, Events, Likes, Name, Note
from likelight.contract.problem import ProblemType
from likelight.web.http.body import json_answer, unprocessable
from likelight.web.http.declared import Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.app import BUSY, CLOUD, IN_KITCHEN, Cloud
from likelight_cloud.kitchens.cursor import CursorError, Position, end_of
from likelight_cloud.kitchens.kitchen import Kitchen, Poll
from likelight_cloud.kitchens.long_poll import hold
from likelight_cloud.kitchens.sources import Sources
from likelight_cloud.kitchens.time_line import lit_before, start_of, why_not_on_it
from likelight_cloud.store.records import KitchenRecord, NoteRecord
from likelight_cloud.trust.device import refused

log = logging.getLogger(__name__)

MAX_NOTES = 100
"""The most notes in one reply, even if the device asks for more: at most 300 bytes each, 64 KiB is
the limit."""


class EventsQuery(BaseModel):
    """What a device asks; keys of newer devices are ignored. A diagnosis has no `boot_id`, and no
    cursor."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    cursor: str | None = None
    wait: int = Field(default=25, ge=0, le=MAX_WAIT_S)
    max_notes: int = Field(default=20, ge=1)
    dv: int | None = Field(default=None, ge=0)
    boot_id: Name | None = None


@declares(
    Part.DEVICE,
    "The long poll: what is new, as soon as it is, or after `wait` seconds",
    {200: Events},
    {
        **IN_KITCHEN,
        400: "`cursor`: it is another kitchen's, or damaged.",
        409: "`superseded`: a newer poll has taken over.",
        410: "`epoch`: the kitchen is on another time line; `cursor` is the new one.",
        422: "`invalid`: a parameter is out of its range.",
        503: f"{BUSY[503]} Or more devices come back at once than are answered in 5 s.",
    },
    query=EventsQuery,
    token=True,
)
async def get_events(request: web.Request) -> web.Response:
    """Hold the poll until there is something new, then answer."""
    cloud = request.app[CLOUD]
    kitchen = await cloud.kitchen(request.match_info["kid"])
    kid = kitchen.record.kid
    # Not `request.query`, which stays in memory as long as the request: 1 KB of each held poll.
    asked = dict(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True))
    diagnosis = not {"boot_id", "cursor"} & asked.keys()
    token = await cloud.admit(request, kitchen, counts=not diagnosis)
    try:
        query = EventsQuery.model_validate(asked)
    except ValidationError as error:
        raise unprocessable(error) from error
    del asked  # else it stays in memory as long as the poll is held, as all that is local here

    if not diagnosis:
        # Devices that come for the first time do not come at once; those after an outage do.
        if kitchen.record.report is not None and kitchen.offline:
            await cloud.returning.turn()
        kitchen.note_contact()
    if query.boot_id is not None and kitchen.record.process != cloud.process:
        await cloud.store.take_over(kid, cloud.process)
    if query.cursor is None:
        record = kitchen.record
        position = await start_of(cloud.store, record, record.likes_total)
    else:
        position = await _resume(cloud, kitchen, query.cursor)
    # Only now: statuses of a device that is on another time line do not count.
    if query.boot_id is not None:
        kitchen.polled_by(query.boot_id, token)
    if query.cursor is None:
        return await _reply(cloud, kitchen, position, query)
    with kitchen.polling() as poll:
        if position.seq > kitchen.record.acked:
            await cloud.store.acknowledge(kid, position.seq, cloud.now())
        await hold(
            kitchen,
            poll,
            position,
            version=query.dv,
            wait=query.wait,
            now=cloud.now,
            rng=cloud.rng,
            alive=partial(_may_wait, cloud, request, kitchen, token),
        )
        _refuse_ended(cloud, kitchen, poll, token)
        return await _reply(cloud, kitchen, position, query)


def _may_wait(cloud: Cloud, request: web.Request, kitchen: Kitchen, token: bytes) -> bool:
    return cloud.serves(request) and kitchen.admits(token) and not kitchen.gone


def _refuse_ended(cloud: Cloud, kitchen: Kitchen, poll: Poll, token: bytes) -> None:
    """Raise why a poll that was held gets no events."""
    kid = kitchen.record.kid
    if not kitchen.admits(token):
        raise refused(kid)
    if poll.superseded:
        log.warning("A second poll for the kitchen %s has ended the first", kid)
        raise ProblemError(
            409,
            f"A newer poll of the kitchen {kid} has taken over. If no device was restarted "
            "just now, two devices hold the same token, from a copied card perhaps.",
            type=ProblemType.SUPERSEDED,
        )
    if not cloud.ready.is_set():
        raise ProblemError(
            503,
            "The cloud is restarting.",
            type=ProblemType.BUSY,
            headers={"Retry-After": "1"},
        )


async def _resume(cloud: Cloud, kitchen: Kitchen, cursor: str) -> Position:
    kid = kitchen.record.kid
    try:
        position = cloud.cursors.read(kid, cursor)
    except CursorError as error:
        raise ProblemError(
            400,
            f"The cursor cannot be used: {error}. Start again without one.",
            type=ProblemType.CURSOR,
        ) from error
    why = await why_not_on_it(cloud.store, kitchen.record, position)
    if why is not None:
        # It may be another process's cursor, of commits that are not known here yet.
        await cloud.look_again(kitchen)
        why = await why_not_on_it(cloud.store, kitchen.record, position)
    if why is None:
        return position
    if position.epoch == kitchen.record.epoch:
        log.warning("The kitchen %s begins a new time line. %s", kid, why)
        await cloud.store.begin_time_line(kid, position.epoch)
    # What came since the copy was made has not lit yet, as far as this cloud can know.
    start = await start_of(cloud.store, kitchen.record, lit_before(kitchen.record))
    raise ProblemError(
        410,
        f"{why}. Go on with the cursor in this answer, and keep your own totals.",
        type=ProblemType.EPOCH,
        cursor=cloud.cursors.write(kid, start),
    )


async def _reply(
    cloud: Cloud, kitchen: Kitchen, position: Position, query: EventsQuery
) -> web.Response:
    kid, at = kitchen.record.kid, cloud.now()
    backlog = None
    if kitchen.record.head > position.seq:
        limit = min(query.max_notes, MAX_NOTES)
        backlog = await cloud.store.notes_after(kid, position.seq, limit=limit, at=at)
    record, viewers = kitchen.record, kitchen.viewers()
    new_likes = record.likes_total > position.total
    after = replace(
        position,
        seq=backlog.seq if backlog else position.seq,
        note=end_of(backlog.last_id) if backlog else position.note,
        total=record.likes_total,
        revision=record.revision,
        likes_ms=int(at.timestamp() * 1000) if new_likes else position.likes_ms,
        watching=viewers.watching,
    )
    events = Events(
        cursor=cloud.cursors.write(kid, after),
        epoch=record.epoch,
        server_time=at,
        likes=_likes(position, record, kitchen.sources, at),
        notes=tuple(_note(note.told_at(at)) for note in backlog.notes) if backlog else (),
        more=backlog.more if backlog else False,
        dropped_notes=backlog.dropped if backlog else 0,
        viewers=viewers,
        desired=record.desired if record.desired.version != query.dv else None,
    )
    return json_answer(events, exclude={"desired"} if events.desired is None else None)


def _likes(position: Position, record: KitchenRecord, sources: Sources, at: datetime) -> Likes:
    """Return the likes since `position`; their rate is measured over at least one pace."""
    delta = record.likes_total - position.total
    over_s = record.desired.pace_ms / 1000
    since = None
    if position.likes_ms:
        since = min(datetime.fromtimestamp(position.likes_ms / 1000, UTC), at)
        over_s = max(over_s, (at - since).total_seconds())
    return Likes(
        total=record.likes_total,
        delta=delta,
        since=since,
        rate=round(delta / over_s, 3) if over_s else float(delta),
        by_source=sources.split(position.total, record.likes_total, record.likes_by_source),
    )


def _note(note: NoteRecord) -> Note:
    return Note(
        seq=note.seq,
        id=note.id,
        code=note.code,
        created_at=note.created_at,
        expires_at=note.expires_at,
        source=note.source,
    )
