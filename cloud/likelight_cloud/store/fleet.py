"""What operators ask of the store, for the whole fleet at once, in both stores."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from likelight.contract import CatalogueName, Desired, Health, Time, Week
from likelight_cloud.store.audit import Act, Action, wishes_told

OWN_NOTES: Final = "own"
"""In a wish: no catalogue document, but the notes of the device's own folder, or likelight's."""

UNDONE_WITHIN: Final = timedelta(minutes=10)
"""How long a change may be confirmed, and how long after that it may be undone."""


class Wish(BaseModel):
    """What devices are asked for; None leaves it as it is. It can only reduce what viewers see of a
    kitchen; a catalogue changes the notes alone."""

    model_config = ConfigDict(frozen=True)

    mode: Literal["on", "off"] | None = None
    schedule: Week | None = None
    """Empty: no limit."""
    pace_ms: Annotated[int, Field(ge=0, le=60_000)] | None = None
    catalogue: CatalogueName | Literal["own"] | None = None

    def of(self, held: Desired) -> "Wish":
        """Return what `held` has in the place of what is asked for."""
        before = {name: getattr(held, name) for name in self._asked()}
        if "catalogue" in before:
            before["catalogue"] = held.catalogue or OWN_NOTES
        return Wish.model_validate(before)

    def applied(self, held: Desired) -> Desired:
        """Return `held` with what is asked for, under its next version."""
        return held.model_copy(update={**self._asked(), "version": held.version + 1})

    def _asked(self) -> dict[str, object]:
        asked = {name: value for name, value in self if value is not None}
        return {**asked, "catalogue": None} if self.catalogue == OWN_NOTES else asked


class ChangeState(StrEnum):
    """How far a change has come."""

    ASKED = "asked"
    """It waits for somebody to type how many kitchens these are."""
    MADE = "made"
    UNDONE = "undone"


class Before(BaseModel):
    """What a kitchen had before a change; it is undone only while `version` is its newest."""

    model_config = ConfigDict(frozen=True)

    wish: Wish
    version: int


class FleetChange(BaseModel):
    """A wish for some kitchens, as it is stored, for 10 minutes.

    `kitchens` has what each had before, None before the change was made and where there is no
    longer such a kitchen; `left` counts those that somebody had changed again before it was undone.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    who: str
    at: Time
    """When it was asked for, then when it was made."""
    wish: Wish
    kitchens: Mapping[str, Before | None]
    state: ChangeState = ChangeState.ASKED
    left: int = 0

    def ended(self, at: datetime) -> bool:
        """Return whether nothing can be done about it any more."""
        return at >= self.at + UNDONE_WITHIN

    def made(self, held: Mapping[str, Desired], at: datetime) -> "Advance":
        """Return it as made at `at`, and what the kitchens, which had `held`, have then. One that
        is made already, or has ended, stays as it is."""
        if self.state is not ChangeState.ASKED or self.ended(at):
            return self, {}
        wanted = {kid: self.wish.applied(desired) for kid, desired in held.items()}
        before = {
            kid: Before(wish=self.wish.of(held[kid]), version=wanted[kid].version)
            if kid in held
            else None
            for kid in self.kitchens
        }
        update = {"kitchens": before, "state": ChangeState.MADE, "at": at}
        return self.model_copy(update=update), wanted

    def undone(self, held: Mapping[str, Desired], at: datetime) -> "Advance":
        """Return it as undone, and what the kitchens, which have `held`, have then: what they had
        before, but for those that somebody has changed since. One that was not made, or has ended,
        stays as it is."""
        if self.state is not ChangeState.MADE or self.ended(at):
            return self, {}
        wanted = {
            kid: before.wish.applied(held[kid])
            for kid, before in self.kitchens.items()
            if before is not None and kid in held and held[kid].version == before.version
        }
        left = sum(before is not None for before in self.kitchens.values()) - len(wanted)
        return self.model_copy(update={"state": ChangeState.UNDONE, "left": left}), wanted


Advance = tuple[FleetChange, Mapping[str, Desired]]
"""A change as it is now, and what the kitchens are asked for that it touched."""


Step = Callable[[FleetChange, Mapping[str, Desired], datetime], Advance]
"""Takes a change, what its kitchens are asked for, and the time."""


def acts_of(held: Mapping[str, Desired], wanted: Mapping[str, Desired], who: str) -> Iterator[Act]:
    """Yield the audit log's row of each kitchen that `who` asks for something else."""
    for kid, desired in wanted.items():
        yield Act(Action.DESIRED_SET, kid, who, wishes_told(held[kid], desired))


class Fleet(Protocol):
    """The fleet as a store has it. Everything raises `StoreError` when the database fails."""

    async def healths(self) -> Mapping[str, Health]:
        """Return what each device last said of its health, by kitchen. Nothing else of its
        status: an operator must not learn what the crew pressed, and when."""

    async def ask(self, change: FleetChange, at: datetime) -> None:
        """Keep a change that is asked for, unless its id is there, and forget those that have ended
        at `at`."""

    async def change(self, id: str) -> FleetChange | None:
        """Return a change; None where there is none, or it has ended and was forgotten."""

    async def advance(
        self, id: str, kids: Iterable[str], step: Step, *, who: str, at: datetime
    ) -> FleetChange | None:
        """Take the next `step` of a change, which is about the kitchens `kids`: all of them or
        none. Return it as it is then, or None as `change` does. The audit log names `who`. Raises
        `CatalogueUnknownError` for notes that are not published."""
