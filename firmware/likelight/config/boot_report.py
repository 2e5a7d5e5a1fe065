"""What root's command tells the daemon of the boot volume's `likelight.txt`."""

from pathlib import Path

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


NOTHING = BootReport()


def write_report(file: Path, report: BootReport) -> None:
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
