"""Versions of SQLite files: an ordered list of migrations, applied from a file's version on.

A version has a major and a minor number. A minor migration only adds (a table, an index, a column
with a default), so that an older program of the same major works on a newer file and leaves the
additions alone. A major migration may do anything; no program opens a file of a newer major.
`PRAGMA user_version` holds major * 1000 + minor. The first files, of version 0.1.0, have a 1 there,
so their format is 0.1.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from likelight.runtime.store_errors import StoreForeign, StoreIncompatible

_MINORS = 1000


class Version(NamedTuple):
    """The version of a file's format."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@dataclass(frozen=True, slots=True)
class Migration:
    """The step from the version before to `version`. `apply` runs inside a transaction."""

    version: Version
    apply: Callable[[sqlite3.Connection], None]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """One kind of file.

    `name` is what people call it, `table` one that all its versions have and no other kind of
    file. `when_damaged` says what to do with a damaged one. The first of `migrations`
    makes an empty file into the oldest version that this program can read.
    """

    name: str
    table: str
    when_damaged: str
    migrations: tuple[Migration, ...]

    def __post_init__(self) -> None:
        versions = [migration.version for migration in self.migrations]
        assert versions == sorted(set(versions)), "migrations stand in the order of their versions"

    @property
    def newest(self) -> Version:
        """The version that this program writes."""
        return self.migrations[-1].version


def statements(*sql: str) -> Callable[[sqlite3.Connection], None]:
    """Return an `apply` that executes these statements."""

    def apply(db: sqlite3.Connection) -> None:
        for statement in sql:
            db.execute(statement)

    return apply


def version_of(db: sqlite3.Connection, kind: FileFormat, file: Path) -> Version | None:
    """Return the file's version, or None for an empty file; change nothing in it.

    Raises `StoreIncompatible` when this program can't read `file`: the message says which of the
    two is the newer one, and what to do.
    """
    number = db.execute("PRAGMA user_version").fetchone()[0]
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if number == 0 and not tables:
        return None
    if number <= 0 or kind.table not in tables:
        raise StoreForeign(
            f"{file} is not a {kind.name} of likelight: another program wrote it. Move it away, or "
            "choose another place"
        )
    found, newest = Version(*divmod(number, _MINORS)), kind.newest
    if found.major > newest.major:
        raise StoreIncompatible(
            f"{file} has the format {found}, so a newer version of likelight wrote it; this one "
            f"knows {newest}. Update likelight"
        )
    oldest = kind.migrations[0].version
    if found < oldest:
        raise StoreIncompatible(
            f"{file} has the format {found}, so an older version of likelight wrote it; this one "
            f"reads {oldest} and later. Run a version of likelight from between the two on it first"
        )
    return found


def migrate(db: sqlite3.Connection, kind: FileFormat, file: Path) -> None:
    """Bring the file to the newest version, within the transaction that is open on `db`.

    A file of a newer minor version stays as it is. Raises `StoreIncompatible`.
    """
    found = version_of(db, kind, file)
    due = [step for step in kind.migrations if found is None or step.version > found]
    for step in due:
        step.apply(db)
    if due:
        newest = kind.newest
        db.execute(f"PRAGMA user_version = {newest.major * _MINORS + newest.minor}")
