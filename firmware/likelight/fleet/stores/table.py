"""A table as a CSV file, read as Excel writes one too."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

MOST_BYTES = 8 * 2**20
MOST_AT_ONCE = 20
"""Mistakes that are told, or stores that are named, in one message."""

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class ListError(Exception):
    """What is wrong with a list, and what to do."""


def refusal(file: Path, mistakes: Sequence[str]) -> ListError:
    """Return what tells all `mistakes`, or the first of very many."""
    more = len(mistakes) - MOST_AT_ONCE
    told = [*mistakes[:MOST_AT_ONCE], *([f"and {more} more"] if more > 0 else [])]
    return ListError(f"{file} can't be used, and nothing was written:\n  " + "\n  ".join(told))


def named(kids: Sequence[str]) -> str:
    """Return the ids of stores in one line, or the first of very many."""
    more = len(kids) - MOST_AT_ONCE
    return ", ".join(kids[:MOST_AT_ONCE]) + (f" and {more} more" if more > 0 else "")


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
    # Named by its place: what stands in a first row that is none may be a passphrase.
    for at, column in enumerate(columns):
        if column not in known or column in columns[:at]:
            raise ListError(
                f"{file}: cell {_letters(at)}1 names no column, or one that is there already. The "
                f"columns are: {', '.join(known)}"
            )
    for column in needed:
        if column not in columns:
            raise ListError(f"{file}: its first row has no column {column}. Add it")
    filled = ((number, row) for number, row in enumerate(rows[1:], 2) if any(map(str.strip, row)))
    return columns, ((number, _trimmed(row)) for number, row in filled)


def _letters(at: int) -> str:
    """Return what a spreadsheet calls its column number `at`, of which A is 0."""
    more, letter = divmod(at, 26)
    return (_letters(more - 1) if more else "") + chr(ord("A") + letter)


def _trimmed(row: list[str]) -> list[str]:
    """Return the row without the empty cells at its end, which Excel adds."""
    end = max(n for n, cell in enumerate(row, 1) if cell.strip())
    return row[:end]


def encoding_of(content: bytes) -> str:
    """Return how a text is encoded, by the mark that Windows begins it with; UTF-8 without one."""
    return next((_MARKS[mark] for mark in _MARKS if content.startswith(mark)), "utf-8")


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise ListError(f"{file} can't be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise ListError(f"{file} is larger than {MOST_BYTES // 2**20} MiB. Divide it")
    try:
        text = content.decode(encoding_of(content))
    except UnicodeDecodeError as error:
        raise ListError(
            f"{file} is not in UTF-8. In Excel: Save As, CSV UTF-8 (comma delimited)"
        ) from error
    if "\0" in text:
        raise ListError(f"{file} is not a text file. In Excel: Save As, CSV UTF-8")
    return text
