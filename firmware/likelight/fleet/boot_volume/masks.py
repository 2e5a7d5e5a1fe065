"""Masks that would uncover anything wait for the crew; the old ones hold meanwhile.

What was asked for stands in a file of root's. The daemon asks at the panel, and answers with the
number that root has drawn for this very question, which counts once.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from likelight.config.boot_report import MasksAsked, Polygons, read_report
from likelight.runtime.atomic_file import replace_file, sync_folder
from likelight_hw.picture.mask import uncovers

_WAITING: Final = ".boot-volume-masks.json"
_POLYGONS: TypeAdapter[Polygons] = TypeAdapter(Polygons)
_SIZES: Final = ((1920, 1080), (1280, 720), (640, 480), (640, 360), (426, 240), (320, 180))
"""Pictures in which nothing may be uncovered: a mask is rounded to each one's pixels."""


def uncovers_anything(held: Polygons, masks: Polygons) -> bool:
    """Return whether `masks` show any pixel that `held` cover."""
    # Where masks only come, nothing has to be drawn, which takes a Zero 2 W some seconds.
    return not {*held} <= {*masks} and any(uncovers(held, masks, *size) for size in _SIZES)


def keep_waiting(folder: Path, masks: Polygons | None) -> None:
    """Have `masks` wait for the crew, in place of those before; None: none wait."""
    file = folder / _WAITING
    if masks is not None:
        replace_file(file, _POLYGONS.dump_json(masks).decode())
    elif file.exists():
        file.unlink()
        sync_folder(folder)


def waiting(folder: Path) -> Polygons | None:
    """Return the masks that wait; None for none, or for a file that is damaged."""
    try:
        return _POLYGONS.validate_json((folder / _WAITING).read_bytes())
    except (OSError, ValidationError):
        return None


def question(held: Polygons, masks: Polygons) -> MasksAsked:
    """Return a question whether `masks` may take the place of `held`."""
    return MasksAsked(nonce=secrets.token_hex(16), held=held, asked=masks)


def is_agreed(report: Path, answer: Path, held: Polygons, masks: Polygons) -> bool:
    """Return whether `answer` is the one to the question about just these masks in `report`."""
    asked = read_report(report).masks
    if asked is None or (asked.held, asked.asked) != (held, masks):
        return False
    return answers(answer, asked.nonce)


def answers(answer: Path, nonce: str) -> bool:
    """Return whether the daemon's `answer` is to the question `nonce`."""
    return secrets.compare_digest(_read(answer), nonce.encode())


def _read(answer: Path) -> bytes:
    # The daemon's user could put a link or a FIFO there.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        opened = os.open(answer, flags)
    except OSError:
        return b""
    try:
        return os.read(opened, 64)
    except OSError:
        return b""
    finally:
        os.close(opened)
