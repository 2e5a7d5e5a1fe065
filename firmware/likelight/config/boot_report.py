"""What root's command tells the daemon of `likelight.txt`, on the boot volume or a USB stick."""

import errno
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from likelight.runtime.atomic_file import replace_file

MOST_MISTAKES = 20
"""More are not told at once: who has mended these looks again."""
_MOST_BYTES = 2**20
"""Twice 32 masks of 32 corners need 100 KB."""


class MendableLine(BaseModel):
    """A mistake in line `line`: `words` for IT, in English; `remedy` and `text` for the panel."""

    model_config = ConfigDict(frozen=True)

    line: int = Field(ge=1)
    words: str
    remedy: str
    """A `Remedy`."""
    text: str = ""
    """The line to write, or to add."""


NotKept = Literal["", "full", "failing"]
"""Why what the crew has agreed to could not be written to the card; empty where nothing was."""


def why_not_kept(error: OSError) -> NotKept:
    """Return what a failure to write says of the card."""
    return "full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "failing"


Polygons = tuple[tuple[tuple[float, float], ...], ...]


class MasksAsked(BaseModel):
    """Masks that would uncover something: they wait until the crew agrees."""

    model_config = ConfigDict(frozen=True)

    nonce: str
    """Drawn anew each time that it is asked: an answer counts for this question alone."""
    held: Polygons
    asked: Polygons


class BootReport(BaseModel):
    """What the daemon should know; empty when all is well."""

    model_config = ConfigDict(frozen=True)

    mistakes: tuple[MendableLine, ...] = Field(default=(), max_length=MOST_MISTAKES)
    reset: str = Field(default="", max_length=40)
    """The store for which the device should forget its own, once the crew agrees; empty for
    none."""
    masks: MasksAsked | None = None
    not_kept: NotKept = ""


NOTHING = BootReport()


class StickAsked(BaseModel):
    """What a USB stick's file would change; what is empty stays as it is."""

    model_config = ConfigDict(frozen=True)

    nonce: str
    """As that of masks."""
    network: str = ""
    """The name of a Wi-Fi network, or the address of a cable's."""
    name: str = ""
    language: str = ""
    masks: bool = False


class StickReport(BaseModel):
    """What the daemon should know of a USB stick."""

    model_config = ConfigDict(frozen=True)

    mistakes: tuple[MendableLine, ...] = Field(default=(), max_length=MOST_MISTAKES)
    asked: StickAsked | None = None
    not_kept: NotKept = ""


NO_STICK = StickReport()


def write_report(file: Path, report: BootReport | StickReport) -> None:
    """Tell `report`, in a folder that is made where it is missing. Raises `OSError`."""
    file.parent.mkdir(exist_ok=True)
    file.parent.chmod(0o755)
    replace_file(file, report.model_dump_json(), mode=0o644)


def read_report(file: Path) -> BootReport:
    """Return what was told last; nothing where that can't be read."""
    try:
        with file.open("rb") as opened:
            return BootReport.model_validate_json(opened.read(_MOST_BYTES))
    except (OSError, ValidationError):
        return NOTHING


def the_stick(folder: Path) -> Path | None:
    """Return the file that tells of the one stick that is plugged in; None for none, or for more:
    then nobody could say which one is meant."""
    told = list(folder.glob("*.json"))
    return told[0] if len(told) == 1 else None


def read_stick(folder: Path) -> StickReport:
    """Return what was told of the one stick; nothing where that can't be read."""
    if (file := the_stick(folder)) is None:
        return NO_STICK
    try:
        with file.open("rb") as opened:
            return StickReport.model_validate_json(opened.read(_MOST_BYTES))
    except (OSError, ValidationError):
        return NO_STICK
