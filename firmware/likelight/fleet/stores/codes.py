"""The codes with which devices enrol, as `likelight-cloud kitchen import` writes them."""

from pathlib import Path

from likelight.contract.enrolment import code_of
from likelight.fleet.stores.table import read_table, refusal

HEAD = ("store", "code")


def read_codes(file: Path) -> dict[str, str]:
    """Return the code of each store. Raises `ListError`; its words repeat no code."""
    columns, rows = read_table(file, HEAD, HEAD)
    codes: dict[str, str] = {}
    drawn: set[str] = set()
    mistakes: list[str] = []
    for number, cells in rows:
        row = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
        kid, code = row.get("store", ""), row.get("code", "")
        try:
            letters = code_of(code)
        except ValueError as error:
            mistakes.append(f"row {number}, column code: {error}")
            continue
        if kid in codes:
            mistakes.append(f"row {number}, column store: it has a code above; delete one")
        elif letters in drawn:
            mistakes.append(f"row {number}, column code: a store above has the same; draw new ones")
        codes[kid] = code
        drawn.add(letters)
    if mistakes:
        raise refusal(file, mistakes)
    return codes
