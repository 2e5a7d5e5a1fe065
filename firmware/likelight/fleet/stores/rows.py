"""A list of stores as a CSV file: all its mistakes are named at once."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import TypeAdapter, ValidationError

from likelight.assets.qr_sheet import LANGUAGES
from likelight.contract import BOARDS, KITS, KitchenId, KitchenName, Weekday, ZoneName
from likelight.contract.schedule import in_rows, spans, weekly
from likelight.fleet.stores.details import Details
from likelight.fleet.stores.network import NETWORK, Network, network_mistakes, network_of
from likelight.fleet.stores.table import ListError, in_csv, read_table, refusal

DAYS: tuple[Weekday, ...] = get_args(Weekday)
_KEPT = ("store", "name", *Details.model_fields, *DAYS)
COLUMNS = (*_KEPT, *NETWORK)
_FORMULA = re.compile(r"'*[=+\-@]")
"""How a cell begins that a spreadsheet would calculate; a quote before it keeps it a text. One that
has quotes of its own gets one more, so that reading takes away what writing has added."""

_ECHO = re.compile(r"""^(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
"""A cell, as `repr` writes it, before the words on it."""

Wrong = Iterator[tuple[str, str]]
"""Columns, and what is wrong in each."""

# Each takes a millisecond to make, and every row needs them.
_ID: TypeAdapter[str] = TypeAdapter(KitchenId)
_NAME: TypeAdapter[str] = TypeAdapter(KitchenName)
_ZONE: TypeAdapter[str] = TypeAdapter(ZoneName)


@dataclass(frozen=True, slots=True)
class StoreRow:
    """One store; `week` is empty where the list has no hours for it."""

    kid: str
    name: str
    details: Details
    week: dict[Weekday, str]
    network: Network | None = None
    """None in a list that was read for a cloud."""


def read_stores(file: Path, *, for_devices: bool = False) -> tuple[StoreRow, ...]:
    """Return the stores in `file`. Raises `ListError` with row, column and what to type.

    For devices the network's columns count, and what a real device can't do without is there. For
    a cloud they don't, and a passphrase is refused.
    """
    mistakes_of = _device_mistakes if for_devices else _cloud_mistakes
    columns, rows = read_table(file, COLUMNS, ("store", "name"))
    mistakes: list[str] = []
    stores: dict[str, StoreRow] = {}
    first_rows: dict[str, int] = {}
    for number, cells in rows:
        if len(cells) > len(columns):
            mistakes.append(
                f"row {number}: it has {len(cells)} cells, and the first row {len(columns)}"
            )
            continue
        typed = dict(zip(columns, cells, strict=False))
        row = {column: cell.strip() for column, cell in typed.items()}
        wrong = [*mistakes_of(typed, _mistakes(row))]
        mistakes += [f"row {number}, column {column}: {words}" for column, words in wrong]
        if wrong:
            continue
        kid = row["store"]
        if kid in first_rows:
            mistakes.append(
                f"row {number}, column store: it is in row {first_rows[kid]} already; delete one"
            )
            continue
        first_rows[kid] = number
        stores[kid] = _store_row(row, network_of(typed) if for_devices else None)
    if mistakes:
        raise refusal(file, mistakes)
    if not stores:
        raise ListError(f"{file} has no store: its second row should be the first one")
    return tuple(stores.values())


def listed(stores: Iterable[StoreRow]) -> str:
    """Return a list that `read_stores` reads as `stores`, and that no spreadsheet calculates."""
    return in_csv([_KEPT, *map(_cells, stores)])


def _cells(store: StoreRow) -> Iterator[str]:
    yield store.kid
    yield f"'{store.name}" if _FORMULA.match(store.name) else store.name
    yield from (value or "" for value in store.details.model_dump().values())
    yield from (store.week.get(day, "") for day in DAYS)


def without_zeros(stores: tuple[StoreRow, ...], known: frozenset[str]) -> dict[str, str]:
    """Return the numbers among the stores' ids whose leading zeros Excel seems to have dropped,
    each with the id that was there before or that is as long as the others."""
    numbers = [row.kid for row in stores if row.kid.isdecimal()]
    longest = max(map(len, numbers), default=0)
    by_value = {int(kid): kid for kid in sorted(known) if kid.isdecimal()}
    found = {}
    for kid in numbers:
        meant = by_value.get(int(kid), kid.zfill(longest))
        if kid not in known and meant != kid:
            found[kid] = meant
    return found


def _mistakes(row: Mapping[str, str]) -> Wrong:
    """Yield column and words of each mistake. Words that show the cell begin with it."""
    for column, cell in row.items():
        if cell or column in ("store", "name"):
            words = CHECKS[column](cell) if column in CHECKS else None
            if words is not None:
                yield column, words
    if "store" in row and "name" not in row:
        yield "name", "it is empty; write the name that viewers read"


def _cloud_mistakes(typed: Mapping[str, str], wrong: Wrong) -> Wrong:
    yield from wrong
    if typed.get("passphrase", "").strip():
        words = "it holds a passphrase, which no cloud needs: delete the column from this copy"
        yield "passphrase", words


def _device_mistakes(typed: Mapping[str, str], wrong: Wrong) -> Wrong:
    # In a row that has slipped aside any cell may be the passphrase.
    for column, words in wrong:
        yield column, without_cell(words)
    yield from network_mistakes(typed)
    for column, known in (("board", BOARDS), ("kit", KITS)):
        if not typed.get(column, "").strip():
            yield (
                column,
                "it is empty, and without it a device simulates its hardware: "
                f"write one of {', '.join(known)}",
            )
    if typed.get("ssid", "").strip() and not typed.get("country", "").strip():
        yield "country", "it is empty, and Wi-Fi stays off without it: write it, as in DE"


def without_cell(words: str) -> str:
    """Return the words of a check without the cell, which may be a secret in the wrong place."""
    return _ECHO.sub("it", words)


def _store_row(row: Mapping[str, str], network: Network | None) -> StoreRow:
    hours = {day: row[day] for day in DAYS if row.get(day)}
    return StoreRow(
        kid=row["store"],
        name=_plain(row["name"]),
        details=Details.model_validate(
            {name: row.get(name) or None for name in Details.model_fields}
        ),
        week=in_rows(weekly(hours, UTC)) if hours else {},
        network=network,
    )


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _store(cell: str) -> str | None:
    try:
        _ID.validate_python(cell)
    except ValidationError:
        return (
            f"{cell[:60]!r} can't be a store's id: write up to 40 of a-z, 0-9 and -, as in store-17"
        )
    return None


def _viewers_name(cell: str) -> str | None:
    try:
        _NAME.validate_python(_plain(cell))
    except ValidationError:
        return f"{cell[:60]!r} can't be a name: write one line of 1 to 60 characters"
    return None


def _zone(cell: str) -> str | None:
    try:
        ZoneInfo(_ZONE.validate_python(cell))
    except (ValueError, OSError, KeyError):  # a path, a folder, a name that is none
        if not available_timezones():
            return "no time zone can be checked: this computer has no list of them; install tzdata"
        return f"{cell[:60]!r} is not a time zone: write IANA's name, as in Europe/Berlin"
    return None


def _country(cell: str) -> str | None:
    right = len(cell) == 2 and cell.isascii() and cell.isalpha() and cell.isupper()
    return None if right else f"{cell[:60]!r} is not a country: write two capital letters, as in DE"


def _one_of(known: tuple[str, ...]) -> Callable[[str], str | None]:
    return lambda cell: (
        None if cell in known else f"{cell[:60]!r} is not known: write one of {', '.join(known)}"
    )


def _hours(cell: str) -> str | None:
    try:
        spans(cell)
    except ValueError as error:
        return str(error)
    return None


CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "store": _store,
    "name": _viewers_name,
    "timezone": _zone,
    "country": _country,
    "language": _one_of(tuple(LANGUAGES)),
    "board": _one_of(BOARDS),
    "kit": _one_of(KITS),
    **dict.fromkeys(DAYS, _hours),
}
