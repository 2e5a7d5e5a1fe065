"""Whether the audit log is what was written: by its own chain, and by the lines of a journal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from likelight_cloud.store.audit import Action, AuditRow


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check has found, in sentences."""

    differences: list[str] = field(default_factory=list)
    """What shows that somebody changed the log, or lost a part of it."""
    remarks: list[str] = field(default_factory=list)
    """What is right, and worth knowing."""


def check_chain(rows: Sequence[AuditRow]) -> list[str]:
    """Return in sentences where the chain of `rows`, which are all, in order, is broken."""
    found, before = [], None
    for row in rows:
        expected = 1 if before is None else before.n + 1
        if row.n != expected:
            found.append(f"{_rows(range(expected, row.n))} missing in the database.")
        elif not row.is_whole:
            found.append(f"Row {row.n} was changed after it was written.")
        elif not row.follows(before):
            found.append(
                f"Row {row.n} was not written after the row {row.n - 1} that is there now: one of "
                "them was replaced."
            )
        before = row
    return found


def check_journal(rows: Sequence[AuditRow], told: Sequence[tuple[int, bytes]]) -> Checked:
    """Compare `rows` with the numbers and hashes that the lines of a journal have `told`, in the
    order of its lines."""
    checked = Checked()
    there = {row.n: row for row in rows}
    right = {n for n, hash in told if n in there and there[n].hash == hash}
    if not right and rows:
        checked.differences.append(
            "The journal tells of no row that is in the database. Is it this cloud's, and a cloud "
            "has served since?"
        )
    _look_for_others(checked, there, told, right)
    if right:
        _look_for_untold(checked, there, right)
    return checked


def _look_for_others(
    checked: Checked,
    there: dict[int, AuditRow],
    told: Sequence[tuple[int, bytes]],
    right: set[int],
) -> None:
    """Look for lines of rows that are not there, or not so. `right` are the rows whose line is."""
    lost: dict[int, set[int]] = {}
    gone: set[int] = set()
    changed: set[int] = set()
    restores = {n for n, row in there.items() if row.action == Action.RESTORED}
    # Its line comes after those of the rows that it took away; or is not written yet.
    restore = min(restores - right, default=None)
    for n, hash in reversed(told):
        if n in there and there[n].hash == hash:
            if n in restores:
                restore = n if restore is None else min(restore, n)
        elif restore is not None and restore <= n:
            lost.setdefault(restore, set()).add(n)
        else:
            (changed if n in there else gone).add(n)
    for n in sorted(lost):
        checked.remarks.append(
            f"Row {n} says that a backup was restored, at {there[n].at.isoformat()}. The journal "
            f"alone has what was written between that backup and then: {_rows(lost[n])} not in the "
            "database any more as the journal has them. If nobody restored one then, somebody has "
            "taken them away."
        )
    if gone:
        checked.differences.append(
            f"{_rows(gone)} in the journal and not in the database: removed, or the database came "
            "back from a backup without `likelight-cloud restore FILE` or `likelight-cloud "
            "restored`."
        )
    if changed:
        checked.differences.append(
            f"{_rows(changed)} in the database with other words than when the journal was told."
        )


def _look_for_untold(checked: Checked, there: dict[int, AuditRow], right: set[int]) -> None:
    """Look for rows of which the journal has no line."""
    first, last = min(right), max(right)
    before = {n for n in there if n < first}
    between = {n for n in there if first < n < last} - right
    after = {n for n in there if n > last}
    if before:
        checked.remarks.append(
            f"The journal begins with row {first}. {_rows(before)} older, and its hash stands for "
            "them."
        )
    if between:
        checked.remarks.append(
            f"{_rows(between)} without a line of their own; the hash of a later row that has one "
            "stands for them."
        )
    if after:
        checked.differences.append(
            f"The journal ends with row {last}, and {_rows(after).lower()} in the database: no "
            "cloud has served since they were written, or the journal was cut short."
        )


def _rows(numbers: Iterable[int]) -> str:
    """Return the numbers in words, such as "Rows 3 to 5 and 9 are"."""
    spans: list[list[int]] = []
    for n in sorted(numbers):
        if spans and n == spans[-1][1] + 1:
            spans[-1][1] = n
        else:
            spans.append([n, n])
    words = [str(first) if first == last else f"{first} to {last}" for first, last in spans]
    if len(spans) == 1 and spans[0][0] == spans[0][1]:
        return f"Row {words[0]} is"
    return f"Rows {', '.join(words[:-1])}{' and ' if words[:-1] else ''}{words[-1]} are"
