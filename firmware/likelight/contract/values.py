"""What single values look like, and the states and causes that everybody names alike."""

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

from likelight.contract.limits import (
    EARLIEST,
    KITCHEN_ID,
    LATEST,
    MAX_COUNT,
    MAX_CURSOR,
)


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
CatalogueName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A catalogue document's: the SHA-256 of its bytes."""
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


class Cause(StrEnum):
    """Why the camera is in its state; it never names a person."""

    BUTTON = "button"
    SCHEDULE = "schedule"
    DESIRED = "desired"
    CONSENT = "consent"
    ERROR = "error"
    DEMAND = "demand"


class Moment(StrEnum):
    """What happens in a kitchen just now, of which its page speaks for three minutes."""

    IN_OVEN = "in_oven"
    OUT_OF_OVEN = "out_of_oven"
    RUSH = "rush"


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


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Week = dict[Weekday, Annotated[str, StringConstraints(max_length=200)]]
"""Opening hours such as {"friday": "11:00-14:00, 17:00-02:00"}; a day without a row is closed."""

_SPAN = r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)"
DayHours = Annotated[
    str, StringConstraints(max_length=200, pattern=rf"^(closed|{_SPAN}(, {_SPAN})*)$")
]
"""One day's hours, written the one way that any reader can take apart."""
ZoneName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+/-]{0,63}$")]


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


class Thanks(Wire):
    """The crew's last press of THANKS. It is a new one by its `id`; `at` is for people to read."""

    id: Name
    at: Time
