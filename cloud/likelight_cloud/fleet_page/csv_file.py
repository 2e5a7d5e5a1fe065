"""The fleet as CSV, for spreadsheets: what a cell begins with must not make it a formula."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final

from likelight_cloud.fleet_page.row import FleetKitchen

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_YES: Final = {True: "yes", False: "no", None: None}

Cell = str | int | float | date | None

COLUMNS: Final[Mapping[str, Callable[[FleetKitchen], Cell]]] = {
    "store": lambda it: it.kid,
    "name": lambda it: it.name,
    "state": lambda it: it.words,
    "needs_somebody": lambda it: _YES[it.needs_somebody],
    "to_do": lambda it: it.to_do,
    "version": lambda it: it.version,
    "last_heard_at": lambda it: it.last_heard_at and f"{it.last_heard_at:%Y-%m-%d %H:%M}",
    "simulated": lambda it: _YES[it.simulated],
    "pictures": lambda it: it.pictures and it.pictures.replace("_", " "),
    "lamp": lambda it: it.lamp,
    "panel": lambda it: it.panel,
    "thanks_button": lambda it: it.thanks_button,
    "privacy_button": lambda it: it.privacy_button,
    "on_air_light": lambda it: it.on_air_light,
    "camera": lambda it: it.camera,
    "temp_c": lambda it: it.temp_c,
    "slowed": lambda it: _YES[it.slowed],
    "disk_free_mb": lambda it: it.disk_free_mb,
    "wifi_percent": lambda it: it.signal_percent,
    "clock_off_ms": lambda it: it.clock_skew_ms and abs(it.clock_skew_ms),
    "fps": lambda it: it.fps,
    "consent_review": lambda it: it.consent_review,
    "notes": lambda it: it.notes.words,
    "notes_asked": lambda it: it.notes.asked,
    "notes_shown": lambda it: it.notes.running,
    "notes_refused": lambda it: it.notes.refused,
    "findings": lambda it: " ".join(f"{one.id}:{one.level}" for one in it.findings),
}


def as_csv(kitchens: Iterable[FleetKitchen]) -> str:
    """Return one row for each kitchen, below the names of the columns."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for kitchen in kitchens:
        rows.writerow([_cell(column(kitchen)) for column in COLUMNS.values()])
    return text.getvalue()


def _cell(value: Cell) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
