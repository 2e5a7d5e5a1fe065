"""A table as a CSV file, read as Excel writes one too."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

MOST_BYTES = 8 * 2**20

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class ListError(Exception):
    """What is wrong with a list, and what to do."""


def in_csv(rows: Iterable[Iterable[str]]) -> str:
    """Return rows of cells as CSV with commas."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def read_table(
    file: Path, known: Sequence[str], needed: Sequence[str]
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Return the names of the columns, and the other rows that are not empty, by their numbers.

    Raises `ListError`, also where a column is not `known`, or one that is `needed` is not there.
    """
    text = _text(file)
    first, _, rest = text.partition("\n")
    delimiter = max(";\t,", key=first.count)
    if first.strip().lower().startswith("sep="):
        delimiter, text = first.strip()[4:5] or ",", rest
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ListError(
            f"{file} is not a CSV file that can be read ({error}): a quote that opens and does not "
            "close, perhaps. Save it again as CSV UTF-8"
        ) from error
    columns = [cell.strip().lower() for cell in rows[0]] if rows else []
    while columns and not columns[-1]:
        columns.pop()
    wrong = [column for column in columns if column not in known]
    wrong += [column for column in known if columns.count(column) > 1]
    if wrong:
        raise ListError(
            f"{file}: its first row has {wrong[0]!r}, which it should not have, or not twice. The "
            f"columns are: {', '.join(known)}"
        )
    for column in needed:
        if column not in columns:
            raise ListError(f"{file}: its first row has no column {column}. Add it")
    filled = ((number, row) for number, row in enumerate(rows[1:], 2) if any(map(str.strip, row)))
    return columns, ((number, _trimmed(row)) for number, row in filled)


def _trimmed(row: list[str]) -> list[str]:
    """Return the row without the empty cells at its end, which Excel adds."""
    end = max(n for n, cell in enumerate(row, 1) if cell.strip())
    return row[:end]


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise ListError(f"{file} can't be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise ListError(f"{file} is larger than {MOST_BYTES // 2**20} MiB. Divide it")
    encoding = next((_MARKS[mark] for mark in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ListError(
            f"{file} is not in UTF-8. In Excel: Save As, CSV UTF-8 (comma delimited)"
        ) from error
    if "\0" in text:
        raise ListError(f"{file} is not a text file. In Excel: Save As, CSV UTF-8")
    return text
