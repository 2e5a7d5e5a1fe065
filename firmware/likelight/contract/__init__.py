"""What a device, a cloud and a viewer say to one another: pure data, version 1.

Frozen models, shared by both sides. What a viewer sends is `Strict` and refuses unknown keys;
what devices and clouds send each other ignores them, so that old and new versions can meet.
Times are UTC and written as RFC 3339 with milliseconds and a `Z`.

Every field has a range, a pattern or a length, because a peer may say anything: what parses here
fits a database, a screen, a log and the arithmetic of dates.
"""

from likelight.contract.device import (
    CameraReport as CameraReport,
)
from likelight.contract.device import (
    CatalogueReport as CatalogueReport,
)
from likelight.contract.device import (
    Desired as Desired,
)
from likelight.contract.device import (
    DeviceFinding as DeviceFinding,
)
from likelight.contract.device import (
    DeviceState as DeviceState,
)
from likelight.contract.device import (
    Events as Events,
)
from likelight.contract.device import (
    Health as Health,
)
from likelight.contract.device import (
    LightReport as LightReport,
)
from likelight.contract.device import (
    Likes as Likes,
)
from likelight.contract.device import (
    Next as Next,
)
from likelight.contract.device import (
    Note as Note,
)
from likelight.contract.device import (
    NoteReceipt as NoteReceipt,
)
from likelight.contract.device import (
    Status as Status,
)
from likelight.contract.device import (
    StatusReply as StatusReply,
)
from likelight.contract.device import (
    Viewers as Viewers,
)
from likelight.contract.limits import (
    BOARDS as BOARDS,
)
from likelight.contract.limits import (
    EARLIEST as EARLIEST,
)
from likelight.contract.limits import (
    KITCHEN_ID as KITCHEN_ID,
)
from likelight.contract.limits import (
    KITS as KITS,
)
from likelight.contract.limits import (
    LATEST as LATEST,
)
from likelight.contract.limits import (
    MAX_BODY as MAX_BODY,
)
from likelight.contract.limits import (
    MAX_COUNT as MAX_COUNT,
)
from likelight.contract.limits import (
    MAX_CURSOR as MAX_CURSOR,
)
from likelight.contract.limits import (
    MAX_FINDINGS as MAX_FINDINGS,
)
from likelight.contract.limits import (
    MAX_LIST as MAX_LIST,
)
from likelight.contract.limits import (
    MAX_REPLY as MAX_REPLY,
)
from likelight.contract.limits import (
    MAX_WAIT_S as MAX_WAIT_S,
)
from likelight.contract.limits import (
    NOTE_TTL_MOST_S as NOTE_TTL_MOST_S,
)
from likelight.contract.limits import (
    NOTE_TTL_OPEN_S as NOTE_TTL_OPEN_S,
)
from likelight.contract.limits import (
    NOTE_TTL_S as NOTE_TTL_S,
)
from likelight.contract.limits import (
    OFFLINE_AFTER_S as OFFLINE_AFTER_S,
)
from likelight.contract.limits import (
    WATCHING_TTL_S as WATCHING_TTL_S,
)
from likelight.contract.values import (
    CLOUD_ONLY as CLOUD_ONLY,
)
from likelight.contract.values import (
    Band as Band,
)
from likelight.contract.values import (
    CatalogueName as CatalogueName,
)
from likelight.contract.values import (
    Cause as Cause,
)
from likelight.contract.values import (
    Count as Count,
)
from likelight.contract.values import (
    DayHours as DayHours,
)
from likelight.contract.values import (
    Figure as Figure,
)
from likelight.contract.values import (
    Flag as Flag,
)
from likelight.contract.values import (
    KitchenId as KitchenId,
)
from likelight.contract.values import (
    KitchenName as KitchenName,
)
from likelight.contract.values import (
    LampLit as LampLit,
)
from likelight.contract.values import (
    Moment as Moment,
)
from likelight.contract.values import (
    Name as Name,
)
from likelight.contract.values import (
    NoteCode as NoteCode,
)
from likelight.contract.values import (
    NoteState as NoteState,
)
from likelight.contract.values import (
    Opaque as Opaque,
)
from likelight.contract.values import (
    Source as Source,
)
from likelight.contract.values import (
    State as State,
)
from likelight.contract.values import (
    Strict as Strict,
)
from likelight.contract.values import (
    Thanks as Thanks,
)
from likelight.contract.values import (
    Time as Time,
)
from likelight.contract.values import (
    Week as Week,
)
from likelight.contract.values import (
    Weekday as Weekday,
)
from likelight.contract.values import (
    WeekHours as WeekHours,
)
from likelight.contract.values import (
    Whole as Whole,
)
from likelight.contract.values import (
    Wire as Wire,
)
from likelight.contract.values import (
    ZoneName as ZoneName,
)
from likelight.contract.values import (
    rfc3339 as rfc3339,
)
from likelight.contract.viewer import (
    Catalogue as Catalogue,
)
from likelight.contract.viewer import (
    CatalogueNote as CatalogueNote,
)
from likelight.contract.viewer import (
    LikesReply as LikesReply,
)
from likelight.contract.viewer import (
    LikesRequest as LikesRequest,
)
from likelight.contract.viewer import (
    NoteRequest as NoteRequest,
)
from likelight.contract.viewer import (
    NoteStatus as NoteStatus,
)
from likelight.contract.viewer import (
    Summary as Summary,
)
from likelight.contract.viewer import (
    SummaryFeed as SummaryFeed,
)
from likelight.contract.viewer import (
    SummaryLikes as SummaryLikes,
)
from likelight.contract.viewer import (
    SummaryMoment as SummaryMoment,
)
from likelight.contract.viewer import (
    SummaryNotes as SummaryNotes,
)
from likelight.contract.viewer import (
    SummaryViewers as SummaryViewers,
)
from likelight.contract.viewer import (
    WatchingRequest as WatchingRequest,
)
