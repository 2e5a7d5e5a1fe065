"""How rows become records, in both stores. Times are milliseconds since 1970."""

import json
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol, overload

from likelight.contract import CatalogueReport, Desired, State, SummaryMoment, Thanks, WeekHours
from likelight.fleet.stores.details import Details
from likelight_cloud.store.ingest import IngestSource
from likelight_cloud.store.operators import Operator, Role
from likelight_cloud.store.pairing import Pairing
from likelight_cloud.store.records import KitchenRecord, NoteRecord, Report
from likelight_cloud.store.rotation import Rotation, RotationStep
from likelight_cloud.store.signals import FleetRecord, Signal, SignalKind, Webhook
from likelight_cloud.store.zones import zone_called


class Row(Protocol):
    """A row of either database, by the names of its columns."""

    def __getitem__(self, column: str, /) -> Any: ...


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@overload
def ms(moment: datetime) -> int: ...
@overload
def ms(moment: None) -> None: ...
@overload
def ms(moment: datetime | None) -> int | None: ...
def ms(moment: datetime | None) -> int | None:
    """Return `moment` in whole milliseconds since 1970."""
    return None if moment is None else (moment - _EPOCH) // timedelta(milliseconds=1)


def time_of(value: int) -> datetime:
    """Return the time that is `value` milliseconds after 1970."""
    return _EPOCH + timedelta(milliseconds=value)


def maybe_time(value: int | None) -> datetime | None:
    """Return the time that is `value` milliseconds after 1970, None for None."""
    return None if value is None else time_of(value)


def kitchen_of(row: Row) -> KitchenRecord:
    """Return the record that a row of `kitchen` holds."""
    report = None
    if row["state"] is not None:
        report = Report(
            state=State(row["state"]),
            since=time_of(row["state_since"]),
            simulated=bool(row["simulated"]),
            lit_total=row["lit_total"],
            last_lit_at=maybe_time(row["last_lit_at"]),
            received_at=time_of(row["received_at"]),
            opens_at=None if row["opens_at"] is None else datetime.fromisoformat(row["opens_at"]),
            hours=WeekHours.model_validate_json(row["hours"]) if row["hours"] else None,
            notes_wait=bool(row["notes_wait"]),
            catalogue=_catalogue(row["catalogue"]) if row["catalogue"] else None,
        )
    return KitchenRecord(
        kid=row["kid"],
        name=row["name"],
        epoch=row["epoch"],
        created_at=time_of(row["created_at"]),
        revision=row["revision"],
        head=row["head"],
        acked=row["acked"],
        likes_total=row["likes_total"],
        notes_shown=row["notes_shown"],
        thanks=_thanks(row),
        desired=_desired(row["desired"]),
        report=report,
        likes_by_day=_by_day(row["by_day"]),
        zone=zone_called(row["zone"]),
        process=row["process"],
        details=_details(row["details"]),
        rotation=Rotation(RotationStep(row["rotation"]), time_of(row["rotation_at"]))
        if row["rotation"]
        else None,
        moment=SummaryMoment(kind=row["moment"], until=time_of(row["moment_until"]))
        if row["moment"]
        else None,
        likes_by_source=json.loads(row["by_source"] or "{}"),
    )


def _by_day(text: str | None) -> dict[date, int]:
    return {date.fromisoformat(day): n for day, n in json.loads(text or "{}").items()}


@lru_cache(maxsize=1000)
def _desired(text: str) -> Desired:
    """Return what is asked of a device: of most the same, of which 10,000 copies took 10 MB."""
    return Desired.model_validate_json(text)


@lru_cache(maxsize=1000)
def _catalogue(text: str) -> CatalogueReport:
    return CatalogueReport.model_validate_json(text)


@lru_cache(maxsize=1000)
def _details(text: str) -> Details:
    """Return what a list says of a kitchen: of those that no list names nothing, in one object."""
    return Details.model_validate_json(text)


def _thanks(row: Row) -> Thanks | None:
    if row["thanks_id"] is None or row["thanks_at"] is None:
        return None
    return Thanks(id=row["thanks_id"], at=time_of(row["thanks_at"]))


def note_of(row: Row) -> NoteRecord:
    """Return the record that a row of `note` holds."""
    return NoteRecord(
        kid=row["kid"],
        seq=row["seq"],
        id=row["id"],
        code=row["code"],
        source=row["source"],
        created_at=time_of(row["created_at"]),
        expires_at=time_of(row["expires_at"]),
        delivered_at=maybe_time(row["delivered_at"]),
        shown_at=maybe_time(row["shown_at"]),
        thanked_at=maybe_time(row["thanked_at"]),
    )


def pairing_of(row: Row) -> Pairing:
    """Return the record that a row of `pairing` holds, beside its kitchen's name."""
    return Pairing(
        serial=row["serial"],
        sw=row["sw"],
        place=row["place"],
        asked_at=time_of(row["asked_at"]),
        expires_at=time_of(row["expires_at"]),
        refused=bool(row["refused"]),
        kid=row["kid"],
        name=row["name"],
    )


def operator_of(row: Row) -> Operator:
    """Return the record that a row of `operator` holds."""
    return Operator(
        name=row["name"],
        role=Role(row["role"]),
        token_hash=bytes(row["token_hash"]),
        added_at=time_of(row["added_at"]),
    )


def fleet_record_of(row: Row) -> FleetRecord:
    """Return what the signals need of a row of `kitchen`."""
    return FleetRecord(
        kid=row["kid"],
        created_at=time_of(row["created_at"]),
        state=State(row["state"]) if row["state"] else None,
        received_at=maybe_time(row["received_at"]),
        last_note_at=maybe_time(row["last_note_at"]),
        unlit_since=maybe_time(row["unlit_since"]),
        pictures_missing_since=maybe_time(row["pictures_missing_since"]),
        likes_by_day=_by_day(row["by_day"]),
        zone=zone_called(row["zone"]),
    )


def signal_of(row: Row) -> Signal:
    """Return the signal that a row of `signal` holds."""
    kid = row["subject"] or None
    return Signal(SignalKind(row["kind"]), kid, time_of(row["began_at"]), row["words"])


def webhook_of(row: Row) -> Webhook:
    """Return the webhook that a row of `webhook` holds, beside the number of its messages."""
    return Webhook(
        id=row["id"],
        url=row["url"],
        added_at=time_of(row["added_at"]),
        failing_since=maybe_time(row["failing_since"]),
        off_because=row["off_because"],
        waiting=row["waiting"],
    )


def source_of(row: Row) -> IngestSource:
    """Return the record that a row of `source` holds."""
    secrets = (row["secret"], row["other_secret"])
    return IngestSource(
        name=row["name"],
        profile=row["profile"],
        secrets=tuple(bytes(secret) for secret in secrets if secret is not None),
        created_at=time_of(row["created_at"]),
    )
