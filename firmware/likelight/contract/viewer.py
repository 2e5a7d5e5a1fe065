"""What a viewer asks, and what a cloud answers."""

from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
)

from likelight.contract.values import (
    CatalogueName,
    Count,
    Flag,
    LampLit,
    Moment,
    NoteCode,
    NoteState,
    State,
    Strict,
    Thanks,
    Time,
    WeekHours,
    Wire,
    _whole,
)


class SummaryLikes(Wire):
    """`today` counts the likes of this day, in the kitchen's time zone; in UTC without one."""

    total: Count
    today: Count = 0


class SummaryNotes(Wire):
    total: Count
    shown: Count


class SummaryViewers(Wire):
    band: str | None = None


class SummaryFeed(Wire):
    arriving: bool


class SummaryMoment(Wire):
    kind: Moment
    until: Time


class Summary(Wire):
    """What a viewer may know of a kitchen: `GET /v1/kitchens/{kid}` and the SSE event `summary`."""

    kid: str
    name: str
    state: State
    since: Time
    simulated: bool
    likes: SummaryLikes
    notes: SummaryNotes
    lamp: LampLit
    viewers: SummaryViewers
    feed: SummaryFeed | None = None
    """None where the device itself serves the pictures."""
    thanks: Thanks | None = None
    moment: SummaryMoment | None = None
    catalogue: CatalogueName | None = None
    """The document that the device says it runs; None: its own notes."""
    opens_at: Time | None = None
    hours: WeekHours | None = None
    server_time: Time


class LikesRequest(Strict):
    """Body of `POST …/likes`: 1 to 20 taps folded into one batch."""

    n: Annotated[int, Field(ge=1, le=20, strict=True), BeforeValidator(_whole)]
    batch: Annotated[
        str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
    ]
    source: Literal["page", "here"] = "page"
    """`here`: of a guest in the house."""


class LikesReply(Wire):
    """How many taps count, and the kitchen's total with them; given after the commit."""

    accepted: Count
    total: Count
    retry_after_ms: Count = 0


class NoteRequest(Strict):
    """Body of `POST …/notes`; comes with an `Idempotency-Key`."""

    code: NoteCode
    source: Literal["page", "here"] = "page"
    """`here`: of a guest in the house."""


class NoteStatus(Wire):
    """Reply to a `NoteRequest`, and of `GET /v1/notes/{id}`."""

    id: str
    state: NoteState
    created_at: Time | None = None
    delivered_at: Time | None = None
    shown_at: Time | None = None
    thanked_at: Time | None = None
    expires_at: Time | None = None
    next_at: Time | None = None
    """When its viewer may send another one, where that is soon; only in reply to a request."""


class WatchingRequest(Strict):
    """Body of `POST …/watching`: a random id that lives in the page's memory only.

    With `end` the page is being left.
    """

    view: Annotated[str, StringConstraints(min_length=8, max_length=64)]
    end: Flag = False


class CatalogueNote(Wire):
    code: str
    text: str
    icon: str
    group: Literal["thanks", "food", "you", "greetings"]


class Catalogue(Wire):
    """The prepared notes in one language: `GET /v1/catalogue?lang=`."""

    lang: str
    dir: Literal["ltr", "rtl"]
    version: str
    notes: tuple[CatalogueNote, ...]
