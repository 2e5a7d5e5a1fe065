"""Writing one card: it can't boot until every byte of it was read again and is right.

Its first 4 KiB, with the partition table, are zeros until then and are written last: after a kill,
Ctrl-C or a fault at any instant a card is either whole or no computer finds anything on it.
"""

import errno
import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from likelight.fleet.flash.block_device import UNIT, BlockDevice
from likelight.fleet.flash.errors import FlashError
from likelight.fleet.flash.image import Image

BLOCK: Final = 4 << 20
"""What is written at once: a multiple of the erase blocks of cards."""

HEAD: Final = UNIT
_MARK = b"likelight-card"
_MARK_AT: Final = HEAD - 512
"""A sector before the first partition, which nothing reads: the card's own number."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many bytes of it are done, and of how many."""

_GONE = (errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.EREMOTEIO)


class CardError(FlashError):
    """Why a card can't be used; nothing will take it for a good one."""


def card_number(head: bytes) -> str | None:
    """Return the number that this program has given to the card whose first bytes are `head`."""
    mark = head[_MARK_AT:HEAD]
    name, _, number = mark.rstrip(b"\0").partition(b" ")
    return number.decode("ascii", "replace") if name == _MARK else None


def write_card(
    disk: BlockDevice, image: Image, number: str, nonce: bytes, progress: Progress
) -> None:
    """Write `image` onto `disk`, read all of it again, and only then make it a card that boots.

    `number` becomes the card's own; `nonce` are random bytes. Blocks. Raises `CardError`, and
    `FlashError` for the image; either way nothing boots from the card.
    """
    try:
        disk.write(0, bytes(HEAD))
        _check_capacity(disk, nonce)
        head, sums, end = _write(disk, image, progress)
        _compare(disk, sums, end, progress)
        _finish(disk, _numbered(head, number))
    except OSError as error:
        raise _failed(error) from error


def _check_capacity(disk: BlockDevice, nonce: bytes) -> None:
    """Raise `CardError` for a disk that says it is larger than it is, as counterfeit cards do: at
    each power of two and at the end something else must be read, and zeros at the beginning."""
    last = (disk.size - UNIT) // UNIT * UNIT
    places = [1 << power for power in range(20, 63) if 1 << power < last]
    marks = {at: hashlib.shake_128(b"%d %b" % (at, nonce)).digest(UNIT) for at in (*places, last)}
    for at, mark in marks.items():
        disk.write(at, mark)
    disk.sync()
    for at, mark in {**marks, 0: bytes(UNIT)}.items():
        if disk.read(at, UNIT) != mark:
            raise CardError(
                f"the card does not keep what is written to it (seen at byte {at}): it is broken, "
                "or smaller than it says. Throw it away"
            )


def _write(disk: BlockDevice, image: Image, progress: Progress) -> tuple[bytes, list[bytes], int]:
    """Write all but the head; return it, a checksum of each block, and where the last one ends."""
    head, sums, at = b"", [], 0
    for block in image.blocks(BLOCK):
        if at + len(block) > disk.size:
            raise CardError("the image is larger than the card: take a larger card")
        rest = block
        if at == 0:
            head, rest = block[:HEAD], block[HEAD:]
        disk.write(at + len(block) - len(rest), rest)
        sums.append(_sum(rest))
        at += len(block)
        progress("written", at, max(at, image.layout.end))
    disk.sync()
    return head, sums, at


def _compare(disk: BlockDevice, sums: list[bytes], end: int, progress: Progress) -> None:
    for number, expected in enumerate(sums):
        at = max(HEAD, number * BLOCK)
        upto = min(end, (number + 1) * BLOCK)
        if _sum(disk.read(at, upto - at)) != expected:
            raise _differs(at)
        progress("read again", upto, end)


def _finish(disk: BlockDevice, head: bytes) -> None:
    """Write the head, so that the card boots; take it back where that is not certain."""
    try:
        disk.write(0, head)
        disk.sync()
        if disk.read(0, HEAD) != head:
            raise _differs(0)
    except (OSError, CardError):
        with suppress(OSError):
            disk.write(0, bytes(HEAD))
            disk.sync()
        raise


def _numbered(head: bytes, number: str) -> bytes:
    if head[_MARK_AT:].strip(b"\0"):
        return head  # An image that has something of its own there keeps it.
    return head[:_MARK_AT] + (_MARK + b" " + number.encode()).ljust(HEAD - _MARK_AT, b"\0")


def _sum(block: bytes) -> bytes:
    return hashlib.blake2b(block, digest_size=16).digest()


def _differs(at: int) -> CardError:
    return CardError(
        f"the card was read otherwise than it was written, from byte {at} on: it is broken, or "
        "smaller than it says. Throw it away"
    )


def _failed(error: OSError) -> CardError:
    if error.errno == errno.ENOSPC:
        return CardError("the card is smaller than it says: throw it away")
    if error.errno in _GONE:
        return CardError(
            f"the card was pulled out, or is broken ({error.strerror}). Put it in again and type "
            "the same; if it fails again, throw it away"
        )
    return CardError(f"the card can't be written: {error.strerror}. Try another card or reader")
