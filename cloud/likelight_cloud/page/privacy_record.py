"""What `/privacy.json` says is kept, for the check that compares a database with it."""

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

FILE: Final = Path(__file__).with_name("privacy.json")


class Kept(BaseModel):
    """One entry. `kept_s` is in seconds, None where something else than time ends it:
    `until` says what."""

    model_config = ConfigDict(frozen=True)

    what: str
    about: str
    why: str
    kept_s: int | None
    until: str


class Stored(Kept):
    """One of the database, with its fields as TABLE.COLUMN."""

    fields: tuple[str, ...]
    only_on: str | None = None
    """The kind of database that has them, where the other one does not."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of its tables."""
        return tuple(dict.fromkeys(field.partition(".")[0] for field in self.fields))


class PrivacyRecord(BaseModel):
    """All that is kept."""

    model_config = ConfigDict(frozen=True)

    version: str
    stored: tuple[Stored, ...]
    in_memory: tuple[Kept, ...]


def read_record() -> PrivacyRecord:
    """Return what `/privacy.json` says."""
    return PrivacyRecord.model_validate_json(FILE.read_bytes())
