"""Takes out of the device store what makes no sense in it.

SQLite has no checksum of a page, and stores a text where a number belongs: what flash memory bent
passes its own check, and would end the part that reads it.
"""

import logging
import sqlite3
from collections.abc import Callable
from datetime import date, datetime

from pydantic import TypeAdapter, ValidationError

from likelight.contract import MAX_COUNT, Name, NoteCode, Opaque, Time, rfc3339

log = logging.getLogger(__name__)

_Sound = Callable[[object], bool]

_NAME: TypeAdapter[str] = TypeAdapter(Name)
_CODE: TypeAdapter[str] = TypeAdapter(NoteCode)
_CURSOR: TypeAdapter[str] = TypeAdapter(Opaque)
_TIME: TypeAdapter[datetime] = TypeAdapter(Time)


def mend(db: sqlite3.Connection) -> None:
    """Give the device's row what a new file has where a value makes no sense; drop such notes."""
    rows = db.execute("SELECT * FROM device").fetchall()
    if len(rows) != 1 or rows[0]["one"] != 1:
        db.execute("DELETE FROM device")
        db.execute("INSERT INTO device (one) VALUES (1)")
        rows = db.execute("SELECT * FROM device").fetchall()
    bent = {name: new for name, (sound, new) in _DEVICE.items() if not sound(rows[0][name])}
    for name, new in bent.items():
        db.execute(f"UPDATE device SET {name} = ?", (new,))  # noqa: S608  a name from _DEVICE
    notes = [
        note["position"]
        for note in db.execute("SELECT * FROM notes").fetchall()
        if not all(sound(note[name]) for name, sound in _NOTE.items())
    ]
    db.executemany("DELETE FROM notes WHERE position = ?", [(position,) for position in notes])
    if bent or notes:
        log.error(
            "The device store held what makes no sense: %s",
            ", ".join([*bent, *(["notes"] if notes else [])]),
        )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and 0 <= value <= MAX_COUNT


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and rfc3339(_TIME.validate_python(value)) == value
    except ValidationError:
        return False


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _or_null(sound: _Sound) -> _Sound:
    return lambda value: value is None or sound(value)


def _fits(kind: TypeAdapter[str]) -> _Sound:
    def sound(value: object) -> bool:
        try:
            return isinstance(value, str) and kind.validate_python(value) == value
        except ValidationError:
            return False

    return sound


_DEVICE: dict[str, tuple[_Sound, object]] = {
    "boots": (_is_count, 1),
    "private": (lambda value: value in (0, 1), 1),
    "cursor": (_or_null(_fits(_CURSOR)), None),
    "desired": (_or_null(_is_text), None),
    "epoch": (_or_null(_fits(_NAME)), None),
    "total": (_is_count, 0),
    "lit_total": (_is_count, 0),
    "last_lit_at": (_or_null(_is_time), None),
    "day": (_or_null(_is_day), None),
    "day_likes": (_is_count, 0),
    "thanks_at": (_or_null(_is_time), None),
    "thanks_id": (_or_null(_fits(_NAME)), None),
    "shared": (_or_null(_is_text), None),
    "kitchen": (_or_null(_is_text), None),
}
"""Each column: whether a value makes sense there, and what a new file has."""
_NOTE: dict[str, _Sound] = {
    "id": _fits(_NAME),
    "code": _fits(_CODE),
    "expires_at": _is_time,
    "shown_at": _or_null(_is_time),
    "showing": _or_null(_is_count),
    "thanked_at": _or_null(_is_time),
    "reported": lambda value: value in (0, 1, 2),
}
