"""The crew's consent to a real camera: one small file, and what it allows when.

It holds the id of the kitchen, the name of the person who signed for the crew, the version of the
notice that the crew was given, when that was recorded and by when it is to be reviewed. Nothing
else about anybody, and no history: withdrawing deletes it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from likelight.contract import Time
from likelight.contract.schedule import instant
from likelight.runtime.atomic_file import replace_file, sync_folder

CONSENT_FILE = "consent.json"
LONGEST_CONSENT = timedelta(days=2 * 366)
"""Crews change: after two years few are left who agreed."""
CLOCK_MARGIN = timedelta(hours=1)
"""A clock that is more than this behind the time of the record is wrong."""

OneLine = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ConsentError(Exception):
    """The record can't be read or written; the message says why, and what to do."""


class Consent(BaseModel):
    """Which kitchen, who signed for its crew and for which notice, when (UTC), and the last day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kitchen: OneLine
    """Its id: a card that moves to another kitchen takes no consent there."""
    signed_by: Annotated[OneLine, StringConstraints(max_length=80)]
    notice: Annotated[OneLine, StringConstraints(max_length=40)]
    recorded_at: Time
    review: date

    @model_validator(mode="after")
    def _ends_within_reach(self) -> Self:
        # Also for a file that was edited by hand. One day more, for zones ahead of UTC.
        if self.review - self.recorded_at.date() > LONGEST_CONSENT + timedelta(days=1):
            raise ValueError("a consent is to be reviewed within two years")
        if self.review == date.max:
            raise ValueError("the midnight after it is not a date")
        return self

    def ends(self, zone: tzinfo) -> datetime:
        """Return the end (UTC) of the review date in the kitchen's `zone`."""
        return instant(self.review + timedelta(days=1), 0, zone)


class ConsentStatus(StrEnum):
    """Whether a consent is valid at a moment, and why not."""

    VALID = "valid"
    MISSING = "missing"
    OVERDUE = "overdue"
    OTHER_KITCHEN = "other kitchen"
    """It was recorded for another kitchen than this one, and is void here."""
    UNREADABLE = "unreadable"
    NO_CLOCK = "no clock"
    """The clock is not set, so it is unknown whether the review date has passed."""


def consent_status(
    consent: Consent | None, now: datetime, zone: tzinfo, *, clock_is_set: bool, kitchen: str
) -> ConsentStatus:
    """Return what `consent` is worth in the kitchen with the id `kitchen` at `now`.

    `now` is known only when `clock_is_set`.
    """
    if consent is None:
        return ConsentStatus.MISSING
    if consent.kitchen != kitchen:
        return ConsentStatus.OTHER_KITCHEN
    if now >= consent.ends(zone):
        return ConsentStatus.OVERDUE
    if not clock_is_set or now < consent.recorded_at - CLOCK_MARGIN:
        return ConsentStatus.NO_CLOCK
    return ConsentStatus.VALID


def read_consent(state_dir: Path) -> Consent | None:
    """Return the record in `state_dir`, None when there is none. Raises `ConsentError`."""
    file = state_dir / CONSENT_FILE
    try:
        return Consent.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConsentError(f"can't read {file}: {error.strerror}; try it with sudo") from error
    except ValidationError as error:
        raise ConsentError(f"{file} is damaged; record the crew's consent again") from error


def write_consent(state_dir: Path, consent: Consent) -> None:
    """Store `consent`, readable by the directory's owner only; it is on the disk on return.

    Raises `ConsentError`.
    """
    with _explain_write_errors(state_dir):
        owner = state_dir.stat()
        root = os.geteuid() == 0
        replace_file(
            state_dir / CONSENT_FILE,
            consent.model_dump_json(),
            owner=(owner.st_uid, owner.st_gid) if root else None,
        )


def remove_consent(state_dir: Path) -> bool:
    """Delete the record from the disk; return whether there was one. Raises `ConsentError`."""
    with _explain_write_errors(state_dir):
        # A missing directory is a wrong one: say so, because the record is in another.
        state_dir.stat()
        try:
            (state_dir / CONSENT_FILE).unlink()
        except FileNotFoundError:
            return False
        sync_folder(state_dir)
        return True


@contextmanager
def _explain_write_errors(state_dir: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ConsentError(
            f"there is no state directory {state_dir}; start likelight once, or name the right one"
            " with --state-dir"
        ) from error
    except OSError as error:
        raise ConsentError(
            f"can't write to {state_dir}: {error.strerror}; try it with sudo"
        ) from error
