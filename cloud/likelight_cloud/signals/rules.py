"""Which signals there are: a pure function of the fleet's records and the clock.

A kitchen that is off air on purpose (private, closed, off), or that is not heard of, has no signal
of its own that begins and none that ends. Of the fleet's own a press of PRIVACY changes nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from likelight_cloud.store.signals import (
    LAMP_AFTER,
    OFF_AIR,
    OUTAGE_MS,
    FleetRecord,
    OpenSignal,
    Signal,
    SignalKey,
    SignalKind,
)

HEARD_WITHIN: Final = timedelta(milliseconds=OUTAGE_MS)

PICTURES_AFTER: Final = timedelta(minutes=1)
"""A device whose line was cut connects again within this time."""

AT_ONCE: Final = timedelta(minutes=5)
"""Devices that all fell silent within this time have one cause."""

MANY: Final = 3
MANY_SHARE: Final = 0.2
"""Many are at least three kitchens, and a fifth of those that were heard of within the last day."""

SPIKE_LIKES: Final = 100
SPIKE_TIMES: Final = 3
"""A spike is a day with at least 100 likes, three times as many as the best of the week before."""

QUIET_DAYS: Final = 7

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Changes:
    """What has begun and what has ended since the last look."""

    begun: tuple[Signal, ...]
    ended: tuple[SignalKey, ...]


def changes(
    fleet: Collection[FleetRecord],
    open_signals: Collection[OpenSignal],
    now: datetime,
    *,
    serving_since: datetime,
) -> Changes:
    """Return how the signals change at `now`.

    `serving_since` is when the cloud began: before that nobody could hear a device.
    """
    heard_after = now - HEARD_WITHIN
    found: dict[SignalKey, str] = {}
    undecided: set[SignalKey] = set()
    for record in fleet:
        if not _tells(record, heard_after):
            undecided.update((kind, record.kid) for kind in SignalKind)
            continue
        found.update(((kind, record.kid), words) for kind, words in _of(record, now).items())
        if record.unlit_since is not None:
            # It ends once all are lit: the 10 minutes also begin anew for other reasons.
            undecided.add((SignalKind.LAMP, record.kid))
    if words := _many_offline(fleet, now, serving_since):
        found[SignalKind.OFFLINE, None] = words
    known = {one.signal.key for one in open_signals}
    return Changes(
        begun=tuple(
            Signal(kind, kid, now, words)
            for (kind, kid), words in found.items()
            if (kind, kid) not in known
        ),
        ended=tuple(
            (kind, kid)
            for kind, kid in known
            if (kind, kid) not in found and (kind, kid) not in undecided
        ),
    )


def _tells(record: FleetRecord, heard_after: datetime) -> bool:
    """Return whether the kitchen is on air, and its device heard of."""
    if record.state is None or record.received_at is None:
        return False
    return record.state not in OFF_AIR and record.received_at > heard_after


def _of(record: FleetRecord, now: datetime) -> Mapping[SignalKind, str]:
    """Return the signals of a kitchen that is on air, in words."""
    found: dict[SignalKind, str] = {}
    if record.unlit_since is not None and now - record.unlit_since >= LAMP_AFTER:
        found[SignalKind.LAMP] = (
            "Viewers like, and the lamp has lit none of their likes for 10 minutes. It is probably "
            "broken: look whether it is lit, then at its plug and its cable."
        )
    missing_since = record.pictures_missing_since
    if missing_since is not None and now - missing_since >= PICTURES_AFTER:
        found[SignalKind.PICTURES] = (
            "Somebody watches, and no picture has come for a minute, though the device says that "
            "its camera is on. Look at the kitchen's internet line, then restart the device."
        )
    today = now.astimezone(record.zone).date()
    likes = record.likes_by_day
    best = max((n for day, n in likes.items() if 0 < (today - day).days <= QUIET_DAYS), default=0)
    if best and likes.get(today, 0) >= max(SPIKE_LIKES, SPIKE_TIMES * best):
        found[SignalKind.SPIKE] = (
            "Today's likes are three times those of the best day of the week before. Nothing is "
            "wrong: tell the crew."
        )
    if _quiet(record, now):
        found[SignalKind.QUIET] = (
            "No like and no note has come for a week. Look whether guests can find the page: the "
            "code in the shop, the link on the order page."
        )
    return found


def _quiet(record: FleetRecord, now: datetime) -> bool:
    today = now.astimezone(record.zone).date()
    newest = max(record.likes_by_day, default=None)
    liked = newest is not None and (today - newest).days <= QUIET_DAYS
    begins = max(record.created_at, record.last_note_at or record.created_at)
    return not liked and now - begins >= QUIET_DAYS * _DAY


def _many_offline(
    fleet: Collection[FleetRecord], now: datetime, serving_since: datetime
) -> str | None:
    """Return in words that many kitchens fell silent at once; None where it is not so.

    Those off air on purpose count, too: else a press of PRIVACY would move the number.
    """
    last_heard = [
        record.received_at
        for record in fleet
        if record.received_at is not None and now - record.received_at < _DAY
    ]
    silent = sorted(at for at in last_heard if now - max(at, serving_since) >= HEARD_WITHIN)
    most = first = 0
    for last, at in enumerate(silent):
        while at - silent[first] > AT_ONCE:
            first += 1
        most = max(most, last - first + 1)
    if most < max(MANY, MANY_SHARE * len(last_heard)):
        return None
    return (
        f"{most} kitchens of {len(last_heard)} fell silent within 5 minutes: probably it is us. "
        "Look at the cloud, its name, its certificate and its line before anybody drives anywhere."
    )
