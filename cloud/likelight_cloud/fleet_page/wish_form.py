"""What an operator's form asks of devices, and what becomes of it in words."""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from likelight.contract import Week, Weekday
from likelight.contract.schedule import WEEKDAYS, in_rows, spans, weekly
from likelight_cloud.fleet_page.catalogues import called
from likelight_cloud.store.fleet import OWN_NOTES, Wish

Ask = Literal["off", "on", "hours", "no_hours", "pace", "catalogue", "own_notes"]


class WishForm(BaseModel):
    """The form: `k` names a kitchen, and comes once for each; with `all` all of the list are meant.

    `hours` asks for the week in the fields `monday` to `sunday`, `pace` for `pace_ms`, `catalogue`
    for the notes of the document that is called so. `once` is the page's own random text: the same
    form that comes twice within 30 s is one change.
    """

    model_config = ConfigDict(frozen=True)

    ask: Ask
    k: str = ""
    all: str = ""
    show: str = ""
    q: str = ""
    once: str = ""
    pace_ms: str = ""
    catalogue: str = ""
    monday: str = ""
    tuesday: str = ""
    wednesday: str = ""
    thursday: str = ""
    friday: str = ""
    saturday: str = ""
    sunday: str = ""


class NumberForm(BaseModel):
    """How many kitchens a change is about, as somebody has typed it."""

    number: str


SLOWEST_PACE_MS: Final = 60_000


def wish_of(form: Mapping[str, str]) -> Wish:
    """Return what the fields of a form ask for. Raises `ValueError` with a sentence."""
    match form.get("ask"):
        case "off":
            return Wish(mode="off")
        case "on":
            return Wish(mode="on")
        case "no_hours":
            return Wish(schedule={})
        case "hours":
            return Wish(schedule=_week(form))
        case "pace":
            return Wish(pace_ms=_pace(form.get("pace_ms", "").strip()))
        case "catalogue":
            return Wish(catalogue=_catalogue(form.get("catalogue", "")))
        case "own_notes":
            return Wish(catalogue=OWN_NOTES)
    raise ValueError("Choose what to ask the kitchens for.")


def _catalogue(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise ValueError("Choose the notes from the list of those that are published.")
    return text


def _pace(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text[:9]) <= SLOWEST_PACE_MS):
        raise ValueError(f"The pace is a number from 0 to {SLOWEST_PACE_MS}, such as 1000.")
    return int(text[:9])


def _week(form: Mapping[str, str]) -> Week:
    rows: dict[Weekday, str] = {
        day: hours for day in WEEKDAYS if (hours := form.get(day, "").strip())
    }
    if not rows:
        raise ValueError("Write the hours of at least one day; a day that is left empty is closed.")
    for day, hours in rows.items():
        try:
            spans(hours)
        except ValueError as error:
            raise ValueError(f"{day.capitalize()}: {error}.") from error
    # The zone is the kitchen's own, and the rows have none.
    return in_rows(weekly(rows, UTC))


def in_words(wish: Wish, names: Mapping[str, str]) -> str:
    """Return what is asked for, for a person to read. `names` are those of catalogue documents."""
    if wish.catalogue is not None:
        return f"notes: {called(None if wish.catalogue == OWN_NOTES else wish.catalogue, names)}"
    if wish.mode is not None:
        return "no pictures" if wish.mode == "off" else "pictures again"
    if wish.pace_ms is not None:
        return f"a pace of {wish.pace_ms} ms"
    if not wish.schedule:
        return "no hours but the kitchen's own"
    return "hours: " + "; ".join(f"{day} {hours}" for day, hours in wish.schedule.items())
