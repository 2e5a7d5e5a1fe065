"""What a device, a cloud and a viewer say to one another: pure data, version 1.

Frozen models, shared by both sides. What a viewer sends is `Strict` and refuses unknown keys;
what devices and clouds send each other ignores them, so that old and new versions can meet.
Times are UTC and written as RFC 3339 with milliseconds and a `Z`.

Every field has a range, a pattern or a length, because a peer may say anything: what parses here
fits a database, a screen, a log and the arithmetic of dates.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

MAX_BODY = 16 * 1024
MAX_REPLY = 64 * 1024
MAX_CURSOR = 128
MAX_WAIT_S = 30
MAX_LIST = 100
"""Notes in one reply, and receipts in one status."""
MAX_COUNT = 2**53 - 1
"""The last whole number that JSON and browsers hold exactly."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
OFFLINE_AFTER_S = 90.0
WATCHING_TTL_S = 40.0
NOTE_TTL_S = 12 * 3600.0
NOTE_TTL_OPEN_S = 4 * 3600.0
"""How long a note lives after the opening that it waits for."""
NOTE_TTL_MOST_S = 7 * 24 * 3600.0
BOARDS = ("pi-3b-plus", "pi-4", "pi-5", "zero-2w")
KITS = ("cheap", "reference")
"""The names of boards and kits, for programs without the hardware packages; `likelight_hw/boards`
has what they are."""


def rfc3339(moment: datetime) -> str:
    """Return `moment` as RFC 3339 in UTC, for example 2026-11-21T20:15:07.120Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time_in_range(moment: datetime, info: ValidationInfo[object]) -> datetime:
    """Refuse a peer's time that is out of range. Our own clock may be wrong: bring its time in."""
    if EARLIEST <= moment <= LATEST:
        return moment.astimezone(UTC)
    if info.mode == "json":
        raise PydanticCustomError("time_range", "a time is between the years 2000 and 2100")
    return max(EARLIEST, min(moment, LATEST))


def _whole(value: object) -> object:
    """Take 7.0 as 7, as JSON Schema does: some languages write every number so."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Time = Annotated[
    AwareDatetime,
    AfterValidator(_time_in_range),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
KITCHEN_ID = "[a-z0-9][a-z0-9-]{0,39}"
"""The pattern of a kitchen's id, in addresses too."""
KitchenId = Annotated[str, StringConstraints(pattern=f"^{KITCHEN_ID}$")]
KitchenName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=60,
        pattern=r"^[^\p{Cc}\u{2028}-\u{202e}\u{2066}-\u{2069}]+$",
    ),
]
"""What viewers read: one line, without control characters and what turns the direction of text."""
NoteCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT, strict=True), BeforeValidator(_whole)]
Flag = Annotated[bool, Field(strict=True)]
Figure = Annotated[float, Field(ge=-MAX_COUNT, le=MAX_COUNT, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=-MAX_COUNT, le=MAX_COUNT)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""An id, an epoch, a boot: opaque, and harmless in a log."""
Band = Annotated[str, StringConstraints(pattern=r"^([0-9]{1,9}-[0-9]{1,9}|[0-9]{1,9}\+)$")]
Opaque = Annotated[str, StringConstraints(pattern=rf"^[\x21-\x7e]{{1,{MAX_CURSOR}}}$")]
"""A cursor or an ETag: visible ASCII that only its writer understands."""
Source = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]


def _or(default: Callable[[], object]) -> WrapValidator:
    """Drop what is not as the contract says: the rest of the reply is still right."""

    def validate(value: object, inner: ValidatorFunctionWrapHandler) -> object:
        try:
            return inner(value)
        except ValidationError:
            return default()

    return WrapValidator(validate)


class State(StrEnum):
    """What a kitchen shows to the world. The cloud alone adds those of `CLOUD_ONLY`."""

    LIVE = "live"
    IDLE = "idle"
    PRIVATE = "private"
    CLOSED = "closed"
    FAULT = "fault"
    OFF = "off"
    OFFLINE = "offline"
    """Nothing was heard of the device for 90 s."""
    INTERRUPTED = "interrupted"
    """The device says live and somebody watches, but no picture arrives."""


CLOUD_ONLY = frozenset({State.OFFLINE, State.INTERRUPTED})
"""What a device never says of itself."""


def _of_a_device(state: State) -> State:
    if state in CLOUD_ONLY:
        raise PydanticCustomError("device_state", "only the cloud says this, never a device")
    return state


DeviceState = Annotated[
    State,
    AfterValidator(_of_a_device),
    WithJsonSchema({"type": "string", "enum": [each for each in State if each not in CLOUD_ONLY]}),
]


class Cause(StrEnum):
    """Why the camera is in its state; it never names a person."""

    BUTTON = "button"
    SCHEDULE = "schedule"
    DESIRED = "desired"
    CONSENT = "consent"
    ERROR = "error"
    DEMAND = "demand"


class NoteState(StrEnum):
    """How far a note has come; it only moves to a later state in this list.

    `HELD` is a queued or delivered one while it waits for the kitchen to open, or for its quiet
    hours to end.
    """

    QUEUED = "queued"
    DELIVERED = "delivered"
    HELD = "held"
    SHOWN = "shown"
    THANKED = "thanked"
    EXPIRED = "expired"


class Wire(BaseModel):
    """Base of what devices and clouds exchange: frozen, unknown keys ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Strict(BaseModel):
    """Base of what viewers send: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Likes(Wire):
    """Cumulative likes. `delta` is `total` minus the total inside the request's cursor."""

    total: Count
    delta: Count
    since: Time | None = None
    rate: Annotated[Annotated[Figure, Field(ge=0)], _or(float)] = 0.0
    by_source: Annotated[Annotated[dict[Source, Count], Field(max_length=MAX_LIST)], _or(dict)] = (
        Field(default_factory=dict)
    )


class Note(Wire):
    """A prepared note; `seq` ascends without a gap per kitchen, receipts go by `id`."""

    seq: Count
    id: Name
    code: NoteCode
    created_at: Time
    expires_at: Time


class Viewers(Wire):
    """How many watch, as a band such as "30-49" (None under three), and whether anybody does."""

    band: Annotated[Band | None, _or(lambda: None)] = None
    watching: Flag = False


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Week = dict[Weekday, Annotated[str, StringConstraints(max_length=200)]]
"""Opening hours such as {"friday": "11:00-14:00, 17:00-02:00"}; a day without a row is closed."""

_SPAN = r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)"
DayHours = Annotated[
    str, StringConstraints(max_length=200, pattern=rf"^(closed|{_SPAN}(, {_SPAN})*)$")
]
"""One day's hours, written the one way that any reader can take apart."""
ZoneName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+/-]{0,63}$")]


class Desired(Wire):
    """What the cloud asks of the device. It can reduce exposure, never end a crew's privacy."""

    version: Count
    mode: Literal["on", "off"] = "on"
    schedule: Annotated[Week | None, _or(lambda: None)] = Field(default_factory=dict)
    """Empty: no limit. None: what came is not a week, and the kitchen closes."""
    catalogue: Opaque | None = None
    pace_ms: Annotated[int, Field(ge=0, le=60_000)] = 1000


class Next(Wire):
    """How the device should poll again: hold time in seconds, and the shortest pause before."""

    wait: Annotated[int, Field(ge=0, le=MAX_WAIT_S)] = 25
    not_before_ms: Annotated[int, Field(ge=0, le=3_600_000)] = 0


class Events(Wire):
    """Reply of `GET /v1/kitchens/{kid}/events`. Sending `cursor` back acknowledges it all."""

    cursor: Opaque
    epoch: Name
    server_time: Time
    likes: Likes
    notes: Annotated[tuple[Note, ...], Field(max_length=MAX_LIST)] = ()
    more: Flag = False
    dropped_notes: Count = 0
    viewers: Viewers = Viewers()
    desired: Desired | None = None
    next: Annotated[Next, _or(Next)] = Next()


class CameraReport(Wire):
    """The state that viewers see, since when and why. `opens_at` is when the opening hours begin
    again, in whatever state; None within them."""

    state: DeviceState
    since: Time
    cause: Cause | None = None
    opens_at: Time | None = None


class WeekHours(Wire):
    """The hours of a week, in the time zone that IANA calls `zone`.

    An end that is not after its beginning is on the next day. Without any row there is no limit;
    else a day without one is closed.
    """

    zone: ZoneName
    week: dict[Weekday, DayHours] = Field(default_factory=dict)


class LampLit(Wire):
    """The highest cloud total that the lamp has physically shown, and when it last lit."""

    lit_total: Count = 0
    last_lit_at: Time | None = None


class LightReport(LampLit):
    """What a device says of its lamp. `lit_total` counts likes of `epoch` and of no other."""

    epoch: Name | None = None


class NoteReceipt(Wire):
    """What happened to one note in the kitchen."""

    id: Name
    shown_at: Time | None = None
    thanked_at: Time | None = None


class Thanks(Wire):
    """The crew's last press of THANKS. It is a new one by its `id`; `at` is for people to read."""

    id: Name
    at: Time


class Health(Wire):
    """The device's health; every figure may be missing."""

    sw: Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,64}$")]
    uptime_s: Figure | None = None
    temp_c: Figure | None = None
    throttled: Whole | None = None
    disk_free_mb: Whole | None = None
    rssi: Whole | None = None
    clock_skew_ms: Whole | None = None
    fps: Figure | None = None


class Status(Wire):
    """Body of `POST /v1/kitchens/{kid}/status`; idempotent on (`boot_id`, `n`)."""

    boot_id: Name
    n: Count
    sent_at: Time
    cursor: Opaque | None = None
    applied_version: Count = 0
    simulated: Flag
    notes_wait: Flag = False
    """The panel shows no note until the kitchen opens, or its quiet hours end."""
    camera: CameraReport
    hours: Annotated[WeekHours | None, _or(lambda: None)] = None
    """None where the device does not know what its time zone is called."""
    light: LightReport = LightReport()
    notes: Annotated[tuple[NoteReceipt, ...], Field(max_length=MAX_LIST)] = ()
    thanks: Thanks | None = None
    health: Health


class StatusReply(Wire):
    """Reply to a `Status`."""

    desired: Desired
    server_time: Time


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


class NoteStatus(Wire):
    """Reply to a `NoteRequest`, and of `GET /v1/notes/{id}`."""

    id: str
    state: NoteState
    created_at: Time | None = None
    delivered_at: Time | None = None
    shown_at: Time | None = None
    thanked_at: Time | None = None
    expires_at: Time | None = None


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
