"""What a device and a cloud say to each other."""

from datetime import date
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from likelight.contract.limits import MAX_FINDINGS, MAX_LIST, MAX_WAIT_S
from likelight.contract.values import (
    CLOUD_ONLY,
    Band,
    CatalogueName,
    Cause,
    Count,
    Figure,
    Flag,
    LampLit,
    Name,
    NoteCode,
    Opaque,
    Source,
    State,
    Thanks,
    Time,
    Week,
    WeekHours,
    Whole,
    Wire,
    _of_a_device,
    _or,
)

DeviceState = Annotated[
    State,
    AfterValidator(_of_a_device),
    WithJsonSchema({"type": "string", "enum": [each for each in State if each not in CLOUD_ONLY]}),
]


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
    source: Annotated[Source | None, _or(lambda: None)] = None
    """As `Likes.by_source` names those of likes; None from a cloud that does not say."""


class Viewers(Wire):
    """How many watch, as a band such as "30-49" (None under three), and whether anybody does."""

    band: Annotated[Band | None, _or(lambda: None)] = None
    watching: Flag = False


class Desired(Wire):
    """What the cloud asks of the device. It can reduce exposure, never end a crew's privacy."""

    version: Count
    mode: Literal["on", "off"] = "on"
    schedule: Annotated[Week | None, _or(lambda: None)] = Field(default_factory=dict)
    """Empty: no limit. None: what came is not a week, and the kitchen closes."""
    catalogue: Annotated[CatalogueName | None, _or(lambda: None)] = None
    """A catalogue document. None: the device's own notes."""
    pace_ms: Annotated[int, Field(ge=0, le=60_000)] = 1000
    rotate: Flag = False
    """Draw a new token, and bring its checksum once."""


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


class LightReport(LampLit):
    """What a device says of its lamp. `lit_total` counts likes of `epoch` and of no other."""

    epoch: Name | None = None


class NoteReceipt(Wire):
    """What happened to one note in the kitchen."""

    id: Name
    shown_at: Time | None = None
    thanked_at: Time | None = None


class DeviceFinding(Wire):
    """Something that is not well, by its id: DOCTOR.md and METRICS.md of the device have them. The
    words are the cloud's."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    level: Literal["warn", "fail"]


class Health(Wire):
    """The device's health; every figure may be missing."""

    sw: Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,64}$")]
    uptime_s: Figure | None = None
    temp_c: Figure | None = None
    """Of the processor, in °C."""
    throttled: Whole | None = None
    """The flags of `vcgencmd get_throttled`: bits 0 to 3 now, 16 to 19 since the boot."""
    disk_free_mb: Whole | None = None
    """In MiB."""
    rssi: Whole | None = None
    """Of the Wi-Fi in use, in dBm."""
    clock_skew_ms: Whole | None = None
    """The device's clock less the cloud's."""
    fps: Figure | None = None
    """Pictures a second; None off the air."""
    consent_review: Annotated[date | None, _or(lambda: None)] = None
    """The last day of the crew's consent to the camera."""
    findings: Annotated[
        Annotated[tuple[DeviceFinding, ...], Field(max_length=MAX_FINDINGS)] | None,
        _or(lambda: None),
    ] = None
    """What is not well, the worst first; None where the device does not say."""


class CatalogueReport(Wire):
    """Which catalogue document a device shows, None being its own notes, and which it refuses."""

    running: Annotated[CatalogueName | None, _or(lambda: None)] = None
    refused: Annotated[CatalogueName | None, _or(lambda: None)] = None


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
    catalogue: Annotated[CatalogueReport | None, _or(lambda: None)] = None
    """None from a device that does not know catalogue documents."""
    health: Health


class StatusReply(Wire):
    """Reply to a `Status`."""

    desired: Desired
    server_time: Time
