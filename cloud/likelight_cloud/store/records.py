"""What the cloud remembers of kitchens and notes, as it was last committed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo

from likelight.contract import (
    CatalogueReport,
    Desired,
    NoteState,
    State,
    SummaryMoment,
    Thanks,
    WeekHours,
)
from likelight.fleet.stores.details import UNLISTED, Details
from likelight_cloud.store.rotation import Rotation


@dataclass(frozen=True, slots=True)
class Report:
    """What the device last said of itself, times clamped to the moment of receipt."""

    state: State
    since: datetime
    """By the cloud's clock: when it first heard of this state."""
    simulated: bool
    lit_total: int
    last_lit_at: datetime | None
    received_at: datetime
    opens_at: datetime | None = None
    """When the kitchen's opening hours begin again; None within them, or when it is not known."""
    hours: WeekHours | None = None
    notes_wait: bool = False
    """Its panel shows no note until it opens, or until its quiet hours end."""
    catalogue: CatalogueReport | None = None
    """Whose notes it shows; None where its device does not say."""


@dataclass(frozen=True, slots=True)
class KitchenRecord:
    """One kitchen as it was last committed.

    `revision` grows with every commit, so that of two records the newer is known. `head` is the
    sequence number of the newest note, `acked` that of the newest one that the device holds.
    `likes_by_day` has the days of the last 8 on which there were likes, in `zone`.
    """

    kid: str
    name: str
    epoch: str
    created_at: datetime
    revision: int
    head: int
    acked: int
    likes_total: int
    notes_shown: int
    thanks: Thanks | None
    desired: Desired
    report: Report | None
    likes_by_day: Mapping[date, int] = field(default_factory=dict)
    zone: tzinfo = UTC
    """The kitchen's: its device's, before that the list's, else UTC."""
    process: str | None = None
    """Which of several that share the database the device polled last. A file of SQLite is one
    process's alone."""
    details: Details = UNLISTED
    rotation: Rotation | None = None
    """How far its device is on the way to a new token; None where there never was another one, and
    after all were revoked."""
    moment: SummaryMoment | None = None
    """The newest that a source has sent; it may be over."""
    likes_by_source: Mapping[str, int] = field(default_factory=dict)
    """Of `likes_total` those that each webhook source has sent, by its name."""

    @property
    def hours(self) -> WeekHours | None:
        """The week's opening hours: those of its device, or until that has reported those that are
        asked for, in the list's zone; None where neither is known."""
        if self.report is not None:
            return self.report.hours
        if not self.desired.schedule or self.details.timezone is None:
            return None
        return WeekHours.model_validate(
            {"zone": self.details.timezone, "week": self.desired.schedule}
        )


@dataclass(frozen=True, slots=True)
class NoteRecord:
    """One note and what the device has said about it."""

    kid: str
    seq: int
    id: str
    code: str
    created_at: datetime
    expires_at: datetime
    source: str = "page"
    """As `by_source` names those of likes."""
    delivered_at: datetime | None = None
    shown_at: datetime | None = None
    thanked_at: datetime | None = None

    def state(self, at: datetime, *, waits: bool = False) -> NoteState:
        """Return how far the note has come at `at`; a receipt outlives the note's expiry.

        `waits` says whether the kitchen lets notes wait.
        """
        if self.thanked_at is not None:
            return NoteState.THANKED
        if self.shown_at is not None:
            return NoteState.SHOWN
        if at >= self.expires_at:
            return NoteState.EXPIRED
        if waits:
            return NoteState.HELD
        return NoteState.QUEUED if self.delivered_at is None else NoteState.DELIVERED

    def told_at(self, at: datetime) -> "NoteRecord":
        """Return the note without a time later than `at`: the cloud's clock was once ahead.

        It lives as long as another one, from `at` on. What is stored stays: this clock may be the
        wrong one.
        """

        def past(moment: datetime | None) -> datetime | None:
            return moment and min(moment, at)

        created_at = min(self.created_at, at)
        return replace(
            self,
            created_at=created_at,
            expires_at=created_at + (self.expires_at - self.created_at),
            delivered_at=past(self.delivered_at),
            shown_at=past(self.shown_at),
            thanked_at=past(self.thanked_at),
        )


@dataclass(frozen=True, slots=True)
class Backlog:
    """Notes past a sequence number: `seq` is where the next look starts, `last_id` the id of that
    note, as `Store.note_id` has it; `dropped` have expired."""

    notes: tuple[NoteRecord, ...]
    seq: int
    last_id: str | None
    dropped: int
    more: bool
