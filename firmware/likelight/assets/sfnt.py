"""Read from a TrueType font file whether it is intact, and which letters it has.

The daemon has no fonttools. Offsets and formats are those of the OpenType specification.
"""

import struct
import sys
from array import array
from typing import Final

_CHECKSUM_ADJUSTMENT: Final = 8
"""Where `head` holds what makes the whole file's checksum right; its own leaves that out."""
_UNICODE: Final = {(0, 3), (0, 4), (3, 1), (3, 10)}
"""Platform and encoding of the character maps that we read."""


def letters(data: bytes) -> frozenset[int]:
    """Return the code points of the font file `data`; raise `ValueError` when it is damaged."""
    try:
        tables = _tables(data)
        for name, (checksum, table) in tables.items():
            if _sum(name, table) != checksum:
                raise ValueError(f"its table {name} is damaged")
        return _character_map(tables["cmap"][1])
    except (struct.error, KeyError, IndexError):
        raise ValueError("it is not a whole TrueType font") from None


def _tables(data: bytes) -> dict[str, tuple[int, bytes]]:
    count = struct.unpack_from(">H", data, 4)[0]
    tables = {}
    for number in range(count):
        name, checksum, start, size = struct.unpack_from(">4sIII", data, 12 + 16 * number)
        if start + size > len(data):
            raise ValueError("it ends too early")
        tables[name.decode("latin-1")] = checksum, data[start : start + size]
    return tables


def _sum(name: str, table: bytes) -> int:
    padded = table + bytes(-len(table) % 4)
    if name == "head":
        padded = padded[:_CHECKSUM_ADJUSTMENT] + bytes(4) + padded[_CHECKSUM_ADJUSTMENT + 4 :]
    numbers = array("I", padded)
    if sys.byteorder == "little":
        numbers.byteswap()
    return sum(numbers) & 0xFFFF_FFFF


def _character_map(cmap: bytes) -> frozenset[int]:
    found: set[int] = set()
    for number in range(struct.unpack_from(">H", cmap, 2)[0]):
        platform, encoding, start = struct.unpack_from(">HHI", cmap, 4 + 8 * number)
        if (platform, encoding) in _UNICODE:
            kind = struct.unpack_from(">H", cmap, start)[0]
            if kind == 4:
                found |= _segments(cmap, start)
            elif kind == 12:
                found |= _groups(cmap, start)
    return frozenset(found)


def _segments(cmap: bytes, start: int) -> set[int]:
    """Read format 4: segments of code points, each with a shift or with a list of glyphs."""
    count = struct.unpack_from(">H", cmap, start + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", cmap, start + 14)
    starts = struct.unpack_from(f">{count}H", cmap, start + 16 + 2 * count)
    shifts = struct.unpack_from(f">{count}H", cmap, start + 16 + 4 * count)
    lists_at = start + 16 + 6 * count
    lists = struct.unpack_from(f">{count}H", cmap, lists_at)
    found: set[int] = set()
    for segment in range(count):
        for letter in range(starts[segment], min(ends[segment], 0xFFFE) + 1):
            if lists[segment]:
                at = lists_at + 2 * segment + lists[segment] + 2 * (letter - starts[segment])
                glyph = struct.unpack_from(">H", cmap, at)[0]
            else:
                glyph = (letter + shifts[segment]) & 0xFFFF
            if glyph:
                found.add(letter)
    return found


def _groups(cmap: bytes, start: int) -> set[int]:
    """Read format 12: groups of neighbours."""
    found: set[int] = set()
    for group in range(struct.unpack_from(">I", cmap, start + 12)[0]):
        first, last = struct.unpack_from(">II", cmap, start + 16 + 12 * group)
        found.update(range(first, min(last, 0x10FFFF) + 1))
    return found
