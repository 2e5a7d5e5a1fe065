"""`POST /v1/ingest/{source}`: likes and notes from elsewhere than the page."""

import hmac
import logging
from datetime import timedelta

from aiohttp import web

from likelight.contract import SummaryMoment
from likelight.contract.problem import ProblemType
from likelight.runtime.clock import loop_time
from likelight.runtime.paced_log import PacedLog
from likelight.web.http.body import json_answer, parsed, read_json
from likelight.web.http.declared import Part, declares
from likelight.web.http.problems import ProblemError
from likelight_cloud.api.ingest.events import (
    IngestEvent,
    LikesDelta,
    LikesTotal,
    MomentEvent,
    SentNote,
)
from likelight_cloud.api.viewer.notes import (
    check_code,
    expiry,
    new_note_id,
    notes_turn,
    take_place,
)
from likelight_cloud.api.viewer.who import over_limit
from likelight_cloud.app import CLOUD, IN_KITCHEN, Cloud
from likelight_cloud.kitchens.waiting import Sender
from likelight_cloud.store.base import OutcomeUnknownError, storable
from likelight_cloud.store.ingest import (
    HOUR_S,
    EventAnswer,
    EventRefusal,
    IngestSource,
    MomentSent,
    NoteSent,
    SourceEvent,
)
from likelight_cloud.trust.device import bearer, hashed
from likelight_cloud.trust.limits import Bucket
from likelight_cloud.trust.signature import Profile, SignatureError, Signed, verify

log = logging.getLogger(__name__)

SIGNED_PER_S = 20
UNSIGNED_PER_S = 1
OTHER = "other"
"""The source of an event for a name that is none's."""
BURST_S = 60
"""Events of a source: so many seconds' worth at once."""

MOMENT_LASTS = timedelta(minutes=3)

UNSIGNED_LIKES = 20
"""In one event of a bearer source, as in one batch of a viewer."""


def ingest_routes() -> list[web.RouteDef]:
    """Return the address to which webhooks are sent."""
    buckets: dict[str, Bucket] = {}
    refusals = PacedLog(log)

    @declares(
        Part.INGEST,
        "An event from elsewhere: likes, a note, or a moment",
        {200: EventAnswer},
        {
            **IN_KITCHEN,
            401: "The signature, the time of sending or the bearer token is missing or wrong.",
            404: "There is no such source; or `kitchen`: there is no such kitchen.",
            422: "`invalid`: no such event or note, more than this source may send, or the id of "
            "another event.",
            429: "`limit`: the source has sent as much as it may; or `full`: no room for a note.",
        },
        request=IngestEvent,
    )
    async def post_event(request: web.Request) -> web.Response:
        """Take an event, once, and say what became of it."""
        cloud, name = request.app[CLOUD], request.match_info["source"]
        source = await cloud.store.ingest.find(name) if storable(name) else None
        try:
            if source is None:
                raise ProblemError(
                    404,
                    f"There is no source called {name} here. `likelight-cloud source list` names "
                    "those there are.",
                )
            return json_answer(await _admitted(cloud, source, request), exclude_none=True)
        except ProblemError as error:
            cloud.refused_events[source.name if source else OTHER, error.problem.status] += 1
            raise

    async def _admitted(cloud: Cloud, source: IngestSource, request: web.Request) -> EventAnswer:
        body = await read_json(request)
        try:
            signed = _signed(cloud, source, request, body)
        except SignatureError as error:
            refusals.say("Refused an event of the source %s: %s", source.name, error)
            raise ProblemError(
                401,
                f"This is not an event of the source {source.name}: {error}.",
                headers={"WWW-Authenticate": "Signature" if source.profile else "Bearer"},
            ) from error
        at = loop_time()
        per_s = SIGNED_PER_S if source.profile else UNSIGNED_PER_S
        bucket = buckets.setdefault(source.name, Bucket(per_s, BURST_S * per_s, at))
        _, wait_s = bucket.take(1, at)
        if wait_s:
            raise over_limit("This source sends very many events just now.", wait_s)
        return await _take(cloud, source, signed, body)

    return [web.post("/v1/ingest/{source}", post_event)]


def _signed(cloud: Cloud, source: IngestSource, request: web.Request, body: bytes) -> Signed | None:
    """Return what `source` has signed; None for one that has sent its bearer token and signs
    nothing. Raises `SignatureError`."""
    if source.profile is not None:
        return verify(
            Profile.model_validate_json(source.profile),
            source.secrets,
            request.headers,
            url=f"{request.scheme}://{request.host}{request.raw_path}",
            body=body,
            now=cloud.now(),
        )
    token = bearer(request)
    offered = hashed(token) if token is not None and token.isascii() else b""
    if not any(hmac.compare_digest(offered, known) for known in source.secrets):
        raise SignatureError("its secret must be in the header `Authorization: Bearer SECRET`")
    return None


async def _take(
    cloud: Cloud, source: IngestSource, signed: Signed | None, body: bytes
) -> EventAnswer:
    told = parsed(body, IngestEvent).root
    if signed is None and (
        isinstance(told, LikesTotal | MomentEvent)
        or (isinstance(told, LikesDelta) and told.data.n > UNSIGNED_LIKES)
    ):
        raise ProblemError(
            422,
            f"The source {source.name} signs nothing, so it may send likes.delta of 1 to "
            f"{UNSIGNED_LIKES}, and note.",
            type=ProblemType.INVALID,
        )
    now = cloud.now()
    id = signed.id if signed else hashed(told.id) if told.id else None
    sent_at = signed.at if signed else now
    kitchen = await cloud.kitchen(told.data.kitchen)
    kid = kitchen.record.kid
    digest = hashed(told.model_dump_json())
    if isinstance(told, MomentEvent):
        moment = SummaryMoment(kind=told.data.moment, until=now + MOMENT_LASTS)
        event = SourceEvent(source.name, id, digest, sent_at, kid, MomentSent(moment))
        return _answered(cloud, event, await cloud.store.ingest.take(event, now))
    if not isinstance(told, SentNote):
        event = SourceEvent(source.name, id, digest, sent_at, kid, told.sent)
        return _answered(cloud, event, await cloud.store.ingest.take(event, now))
    sent = NoteSent(new_note_id(now), told.data.code, expiry(now, kitchen.record.report))
    event = SourceEvent(source.name, id, digest, sent_at, kid, sent)
    sender = Sender(f"webhook:{source.name}", hashed(source.name))
    async with notes_turn(kitchen):
        known = await cloud.store.ingest.answer(event)
        if known is not None:
            return _answered(cloud, event, known)
        await check_code(cloud, kitchen, told.data.code)
        give_back = await take_place(cloud, kitchen, sender)
        with kitchen.waiting.storing(sent.id, sent.id, sender):
            try:
                answer = await cloud.store.ingest.take(event, now)
            except OutcomeUnknownError:
                raise
            except BaseException:
                give_back()
                raise
    return _answered(cloud, event, answer)


def _answered(cloud: Cloud, event: SourceEvent, answer: EventAnswer | EventRefusal) -> EventAnswer:
    """Return the `answer` to an event; raise the problem that a refusal is."""
    match answer:
        case EventAnswer():
            if answer.detail:
                log.info("An event of %s for %s: %s", event.source, event.kid, answer.detail)
            return answer
        case EventRefusal.GONE:
            raise ProblemError(404, f"The source {event.source} was removed just now.")
        case EventRefusal.REUSED:
            raise ProblemError(
                422,
                "Another event had this id. Send each one under an id of its own.",
                type=ProblemType.INVALID,
            )
        case EventRefusal.LIMIT:
            wait_s = HOUR_S - int(cloud.now().timestamp()) % HOUR_S
            raise over_limit(
                "The source has sent as many likes as it may in this hour. None of these count.",
                wait_s,
            )
