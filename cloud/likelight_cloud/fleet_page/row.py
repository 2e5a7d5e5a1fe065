"""One kitchen of the fleet, as its operators may know it.

A kitchen that is private, closed or off is off air on purpose, and nothing tells which of the three
it is, or since when: so of its consent nothing is told either. It never needs somebody, however
long. No time is that of a person's deed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from likelight.contract import OFFLINE_AFTER_S, Desired, DeviceFinding, Health, State, Time, Wire
from likelight.contract.figures import SLOWED, UNDERVOLTAGE
from likelight_cloud.fleet_page.catalogues import FleetCatalogue, fleet_catalogue
from likelight_cloud.fleet_page.reasons import of_health
from likelight_cloud.fleet_page.words import (
    CAMERA,
    INTERRUPTED,
    OF_SIGNAL,
    OFFLINE,
    Words,
    words_of,
)
from likelight_cloud.store.records import KitchenRecord
from likelight_cloud.store.signals import SignalKind


class Air(StrEnum):
    """The state of a kitchen, for its operators."""

    ON_AIR = "on_air"
    READY = "ready"
    OFF_AIR = "off_air"
    INTERRUPTED = "interrupted"
    FAULT = "fault"
    OFFLINE = "offline"
    NEW = "new"


AIR_WORDS: Final[Mapping[Air, str]] = {
    Air.ON_AIR: "On the air",
    Air.READY: "Ready, nobody watches",
    Air.OFF_AIR: "Off air on purpose",
    Air.INTERRUPTED: "Pictures do not arrive",
    Air.FAULT: "Camera trouble",
    Air.OFFLINE: "Not heard",
    Air.NEW: "Not installed yet",
}
_AIR: Final[Mapping[State, Air]] = {
    State.LIVE: Air.ON_AIR,
    State.IDLE: Air.READY,
    State.FAULT: Air.FAULT,
    State.PRIVATE: Air.OFF_AIR,
    State.CLOSED: Air.OFF_AIR,
    State.OFF: Air.OFF_AIR,
}
_WHY_OFF: Final = frozenset({"consent", "clock"})
"""Findings with which a device is off, whatever the crew presses. Told of one that is off air, they
would tell who has no consent, or no clock to judge it by, from who is private."""
_WITH_PICTURES: Final = (Air.ON_AIR, Air.INTERRUPTED, Air.READY)
_CALM: Final[Mapping[Air, str]] = {
    Air.ON_AIR: "Nothing to do.",
    Air.READY: "Nothing to do.",
    Air.OFF_AIR: "Nothing to do: that is how the kitchen wants it.",
    Air.NEW: "Put the box up in the kitchen, plug it in, and tell IT the code if its screen "
    "shows one.",
}
_OF_STATE: Final[Mapping[Air, tuple[str, Words]]] = {
    Air.OFFLINE: ("offline", OFFLINE),
    Air.FAULT: ("camera", CAMERA),
    Air.INTERRUPTED: ("interrupted", INTERRUPTED),
}

Works = Literal["works", "broken"]
Pictures = Literal["arriving", "missing", "nobody_watches"]


@dataclass(frozen=True, slots=True)
class Contact:
    """What a process knows of a kitchen beyond the database. `pictures` is None where another
    process has them. `two_devices` say that they are the kitchen."""

    offline: bool
    pictures: Pictures | None
    two_devices: bool = False


class Reason(Wire):
    """Something that needs somebody."""

    id: str
    what: str
    to_do: str


class FleetFinding(Reason):
    """What a device finds not well, with the cloud's words."""

    level: Literal["warn", "fail"]


class FleetKitchen(Wire):
    """A kitchen, and how its device is; None is what is not known."""

    kid: str
    name: str
    state: Air
    needs_somebody: bool
    to_do: str
    """One sentence."""
    reasons: tuple[Reason, ...]
    """Why it needs somebody, the most urgent first."""
    version: str | None = None
    last_heard_at: Time | None = None
    """To the minute, and only of one that is not heard now."""
    simulated: bool | None = None
    pictures: Pictures | None = None
    lamp: Works | None = None
    panel: Works | None = None
    thanks_button: Works | None = None
    privacy_button: Works | None = None
    on_air_light: Works | None = None
    camera: Works | None = None
    temp_c: float | None = None
    slowed: bool | None = None
    """By heat or low voltage, now."""
    disk_free_mb: int | None = None
    rssi: int | None = None
    clock_skew_ms: int | None = None
    fps: float | None = None
    consent_review: date | None = None
    findings: tuple[FleetFinding, ...] = ()
    notes: FleetCatalogue
    desired: Desired

    @property
    def words(self) -> str:
        """The state in words."""
        return AIR_WORDS[self.state]

    @property
    def signal_percent(self) -> int | None:
        """The Wi-Fi's signal: 100 at -50 dBm, 0 at -100."""
        return None if self.rssi is None else max(0, min(100, 2 * (self.rssi + 100)))


def contact_of(record: KitchenRecord, now: datetime) -> Contact:
    """Return what the database alone tells."""
    report = record.report
    ago = None if report is None else (now - report.received_at).total_seconds()
    return Contact(offline=ago is None or ago >= OFFLINE_AFTER_S, pictures=None)


def air_of(record: KitchenRecord, contact: Contact) -> Air:
    """Return the state of a kitchen, as its operators may know it."""
    if record.report is None:
        return Air.NEW
    if contact.offline:
        return Air.OFFLINE
    if contact.pictures == "missing":
        return Air.INTERRUPTED
    return _AIR[record.report.state]


def last_heard_at(record: KitchenRecord, air: Air) -> datetime | None:
    """Return when a kitchen that is not heard now was heard last, to the minute."""
    if record.report is None or air is not Air.OFFLINE:
        return None
    return record.report.received_at.replace(second=0, microsecond=0)


def fleet_kitchen(
    record: KitchenRecord,
    health: Health | None,
    contact: Contact,
    now: datetime,
    signals: Collection[SignalKind] = (),
    names: Mapping[str, str] = MappingProxyType({}),
) -> FleetKitchen:
    """Return what operators may know of a kitchen. `signals` are those of it that are open, `names`
    those of catalogue documents."""
    report = record.report
    air = air_of(record, contact)
    found = {one.id for one in (health.findings if health else None) or ()}
    says = health is not None and health.findings is not None and air is not Air.OFFLINE

    def works(id: str) -> Works | None:
        return ("broken" if id in found else "works") if says else None

    notes = fleet_catalogue(record, names, offline=air is Air.OFFLINE)
    ids = [
        *(["cloud-superseded"] if contact.two_devices else []),
        *(of_health(health, now.date()) if health else []),
        *(["catalogue"] if notes.is_refused else []),
    ]
    why = _reasons(air, ids, signals)
    facts = FleetKitchen(
        kid=record.kid,
        name=record.name,
        state=air,
        needs_somebody=bool(why),
        to_do=why[0].to_do if why else _CALM[air],
        reasons=why,
        notes=notes,
        desired=record.desired,
    )
    if report is None or health is None:
        return facts
    return facts.model_copy(
        update={
            "version": health.sw,
            "last_heard_at": last_heard_at(record, air),
            "simulated": report.simulated,
            "pictures": contact.pictures if air in _WITH_PICTURES else None,
            "lamp": works("lamp"),
            "panel": works("display"),
            "thanks_button": works("thanks-button"),
            "privacy_button": works("privacy-button"),
            "on_air_light": works("on-air-light"),
            "camera": "broken" if air is Air.FAULT else works("camera"),
            "temp_c": health.temp_c,
            "slowed": None
            if health.throttled is None
            else bool(health.throttled & (UNDERVOLTAGE | SLOWED)),
            "disk_free_mb": health.disk_free_mb,
            "rssi": health.rssi,
            "clock_skew_ms": health.clock_skew_ms,
            "fps": health.fps if air is Air.ON_AIR else None,
            "consent_review": None if air is Air.OFF_AIR else health.consent_review,
            "findings": tuple(
                _told(one)
                for one in health.findings or ()
                if air is not Air.OFF_AIR or one.id not in _WHY_OFF
            ),
        }
    )


def _reasons(air: Air, ids: Iterable[str], signals: Collection[SignalKind]) -> tuple[Reason, ...]:
    """Return why a kitchen needs somebody; `ids` are of what is not well, by its newest report."""
    if air in (Air.OFF_AIR, Air.NEW):
        return ()
    # Device, doctor and cloud may each have seen the same: it is said once.
    found: dict[Words, str] = {}
    if air in _OF_STATE:
        id, words = _OF_STATE[air]
        found[words] = id
    # Of one that is not heard the report is old, and nothing is known of its lamp.
    if air is not Air.OFFLINE:
        for id in ids:
            found.setdefault(words_of(id), id)
        for kind in sorted(OF_SIGNAL.keys() & set(signals)):
            id, words = OF_SIGNAL[kind]
            found.setdefault(words, id)
    return tuple(Reason(id=id, what=it.what, to_do=it.to_do) for it, id in found.items())


def _told(finding: DeviceFinding) -> FleetFinding:
    words = words_of(finding.id)
    return FleetFinding(id=finding.id, level=finding.level, what=words.what, to_do=words.to_do)
