"""One kitchen at run time: its newest commit, who watches it, and who waits for news of it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime, time, timedelta

from likelight.contract import (
    OFFLINE_AFTER_S,
    LampLit,
    State,
    Summary,
    SummaryFeed,
    SummaryLikes,
    SummaryMoment,
    SummaryNotes,
    SummaryViewers,
    Viewers,
)
from likelight.runtime.clock import Now, Since, loop_time
from likelight_cloud.kitchens.arrival import Arrival
from likelight_cloud.kitchens.audience import Audience, band
from likelight_cloud.kitchens.sources import Sources
from likelight_cloud.kitchens.starts import Starts
from likelight_cloud.kitchens.waiting import Waiting
from likelight_cloud.store.records import KitchenRecord, Report


async def first_change(kitchens: Collection["Kitchen"], until: float) -> None:
    """Return at the next change of one of `kitchens`, or when the loop's time is `until`."""
    # Not an Event under a time limit, which takes 1.5 KB more: 10,000 polls may wait.
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()
    for kitchen in kitchens:
        kitchen.wake(waiter)
    timer = loop.call_at(until, _wake, waiter)
    try:
        await waiter
    finally:
        timer.cancel()
        for kitchen in kitchens:
            kitchen.wake_no_more(waiter)


class Poll:
    """A device's long poll, as the context in which it runs; `superseded` once a newer one has
    begun."""

    __slots__ = ("_ended", "superseded")

    def __init__(self, ended: "Callable[[Poll], None]") -> None:
        self._ended = ended
        self.superseded = False

    def __enter__(self) -> "Poll":
        return self

    def __exit__(self, *_: object) -> None:
        self._ended(self)


class Kitchen:
    """What the handlers of one kitchen share. Made and used on the event loop only."""

    __slots__ = (
        "_boot_token",
        "_future",
        "_last_contact",
        "_newest_used",
        "_now",
        "_poll",
        "_relay_watched",
        "_relays_pictures",
        "_valid",
        "_waiters",
        "arrival",
        "audience",
        "gone",
        "notes_lock",
        "record",
        "sources",
        "starts",
        "waiting",
    )

    def __init__(self, record: KitchenRecord, *, now: Now, relays_pictures: bool = False) -> None:
        self.record = record
        self.audience = Audience()
        self.notes_lock = asyncio.Lock()
        self.sources = Sources(record.likes_by_source)
        self.gone = False
        """It was removed, or another process has it now; nobody gets this object again."""
        self.waiting = Waiting()
        self.starts = Starts()
        self._boot_token = b""
        self._newest_used = b""
        self._valid: tuple[bytes, ...] = ()
        self._now = now
        self._waiters: set[asyncio.Future[None]] = set()
        self._poll: Poll | None = None
        self._last_contact: Since | None = None
        self._future: dict[datetime, datetime] = {}
        """Times that were found to lie in the future, and when that was."""
        self._relay_watched = False
        self._relays_pictures = relays_pictures
        self.arrival = Arrival(now=now, is_due=self._pictures_due, on_change=self.announce)
        self._hear_of(record.report)

    def adopt(self, record: KitchenRecord) -> None:
        """Adopt a newer commit and wake everybody who waits for one."""
        if record.revision > self.record.revision:
            self.record = record
            self._hear_of(record.report)
            self.announce()

    def _hear_of(self, report: Report | None) -> None:
        """Note when the device sent `report`, perhaps to another process."""
        if report is None:
            return
        ago = (self._now() - report.received_at).total_seconds()
        contact = Since(self._now, max(0.0, ago))
        if self._last_contact is None or contact.at > self._last_contact.at:
            self._last_contact = contact

    def announce(self) -> None:
        """Wake everybody who waits for a change."""
        self.arrival.look()
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            _wake(waiter)

    def wait_for_change(self, until: float) -> Awaitable[None]:
        """Return at the next change, or when the loop's time is `until`."""
        return first_change((self,), until)

    def wake(self, waiter: asyncio.Future[None]) -> None:
        """End `waiter` at the next change."""
        self._waiters.add(waiter)

    def wake_no_more(self, waiter: asyncio.Future[None]) -> None:
        """Forget `waiter`."""
        self._waiters.discard(waiter)

    def used_before(self, token: bytes) -> bool:
        """Note that a device came with the newest `token`; return whether one did so before."""
        before, self._newest_used = self._newest_used, token
        return before == token

    def admit_only(self, tokens: Iterable[bytes]) -> None:
        """Let the connections end that came with another token than `tokens` (their hashes)."""
        valid = tuple(tokens)
        if valid != self._valid:
            self._valid = valid
            if not self.admits(self._boot_token):
                self.starts = Starts()
            self.announce()

    def remove(self) -> None:
        """Refuse all that was begun with the kitchen: it was removed."""
        self.admit_only(())
        self.leave()

    def leave(self) -> None:
        """Let all that was begun with the kitchen end, so that it is begun anew where the proxy
        leads now."""
        self.gone = True
        self.announce()

    def admits(self, token: bytes) -> bool:
        """Return whether a connection that came with `token` may go on."""
        return token in self._valid

    def polled_by(self, boot_id: str, token: bytes) -> None:
        """Note which start of the device polls; the held poll of another one ends."""
        self._boot_token = token
        if self.starts.polled(boot_id, loop_time()):
            self._supersede()

    def polling(self) -> Poll:
        """Begin the kitchen's one long poll; the newest wins. The device is not offline then."""
        self.note_contact()
        self._supersede()
        self._poll = Poll(self._poll_ended)
        return self._poll

    def _poll_ended(self, poll: Poll) -> None:
        if self._poll is poll:
            self._poll = None
            self.note_contact()

    def _supersede(self) -> None:
        if self._poll is not None:
            self._poll.superseded = True
            self.announce()

    def note_contact(self) -> None:
        """Note that the device has sent a request just now."""
        was_offline = self.offline
        self._last_contact = Since(self._now)
        if was_offline:
            self.announce()

    def watch(self, view: str, *, end: bool = False) -> None:
        """Count a view, or at its `end` no more; wake those who wait when `viewers()` changes."""
        before = self.viewers()
        if end:
            self.audience.end(view)
        else:
            self.audience.report(view, loop_time())
        if self.viewers() != before:
            self.announce()

    def relay_watched(self, watched: bool) -> None:
        """Note whether anybody has the relay's feed open: that counts as watching, as a page does.

        The band counts pages only, so that nobody counts twice.
        """
        before, self._relay_watched = self.viewers(), watched
        if self.viewers() != before:
            self.announce()

    @property
    def polled(self) -> bool:
        """True while the device's long poll is held."""
        return self._poll is not None

    @property
    def offline(self) -> bool:
        """True when the device has sent nothing for 90 s, or never."""
        if self._poll is not None:
            return False
        return self._last_contact is None or loop_time() - self._last_contact.at >= OFFLINE_AFTER_S

    def viewers(self) -> Viewers:
        """Return how many watch, as a band, and whether anybody does."""
        count = self.audience.count(loop_time())
        return Viewers(band=band(count), watching=count > 0 or self._relay_watched)

    @property
    def catalogue(self) -> str | None:
        """The catalogue document that the device says it shows; None: its own notes."""
        report = self.record.report
        return report.catalogue.running if report and report.catalogue else None

    def next_timed_change(self) -> float:
        """Return the loop time at which the summary may change next without any request."""
        turns = []
        ends = self.audience.next_end()
        if ends is not None:
            turns.append(ends)
        if self._poll is None and self._last_contact is not None and not self.offline:
            turns.append(self._last_contact.at + OFFLINE_AFTER_S)
        if self._likes_today() > 0:
            turns.append(loop_time() + self._day_left_s())
        if (moment := self._moment()) is not None:
            turns.append(loop_time() + (moment.until - self._now()).total_seconds())
        return min(turns, default=float("inf"))

    def summary(self) -> Summary:
        """Return what a viewer may know now."""
        self.arrival.look()
        record, report, contact = self.record, self.record.report, self._last_contact
        if report is None or self.offline:
            state, since = State.OFFLINE, contact.wall if contact else record.created_at
        elif self.arrival.interrupted is not None:
            state, since = State.INTERRUPTED, self.arrival.interrupted.wall
        else:
            state, since = report.state, report.since
        lamp, thanks = LampLit(), record.thanks
        if report is not None:
            lit_at = report.last_lit_at and self._past(report.last_lit_at)
            lamp = LampLit(lit_total=report.lit_total, last_lit_at=lit_at)
        if thanks is not None:
            thanks = thanks.model_copy(update={"at": self._past(thanks.at)})
        return Summary(
            kid=record.kid,
            name=record.name,
            state=state,
            since=self._past(since),
            simulated=report is not None and report.simulated,
            likes=SummaryLikes(total=record.likes_total, today=self._likes_today()),
            notes=SummaryNotes(total=record.head, shown=record.notes_shown),
            lamp=lamp,
            viewers=SummaryViewers(band=self.viewers().band),
            feed=SummaryFeed(arriving=self.arrival.arriving) if self._relays_pictures else None,
            thanks=thanks,
            moment=self._moment(),
            catalogue=self.catalogue,
            opens_at=report.opens_at if report and state is State.CLOSED else None,
            hours=record.hours,
            server_time=self._now(),
        )

    def _moment(self) -> SummaryMoment | None:
        moment = self.record.moment
        return moment if moment is not None and self._now() < moment.until else None

    def _likes_today(self) -> int:
        today = self._now().astimezone(self.record.zone).date()
        return self.record.likes_by_day.get(today, 0)

    def _day_left_s(self) -> float:
        now = self._now()
        local = now.astimezone(self.record.zone)
        midnight = datetime.combine(local.date() + timedelta(days=1), time(), self.record.zone)
        return (midnight - now).total_seconds()

    def _pictures_due(self) -> bool:
        report = self.record.report
        live = report is not None and report.state is State.LIVE and not self.offline
        return self._relays_pictures and live and self.viewers().watching

    def _past(self, moment: datetime) -> datetime:
        """Return `moment`, or when it was found to lie in the future: our clock was once ahead.

        Not the present time again and again, which would be a new summary each second.
        """
        now = self._now()
        if moment <= now:
            return moment
        self._future[moment] = found = min(self._future.get(moment, now), now)
        return found


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
