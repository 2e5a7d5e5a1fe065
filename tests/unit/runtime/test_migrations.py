"""Which files a program opens, what it makes of older ones, and that no failure costs a file."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight.appreciation.sync.device_file import device_file
from likelight.runtime.migrations import FileFormat, Migration, Version, migrate, statements
from likelight.runtime.sqlite_file import SqliteFile
from likelight.runtime.store_errors import StoreIncompatible
from likelight_cloud.store.sqlite.schema import CLOUD_FILE

FILE = Path("kitchen.sqlite")
DEVICE_FILE = device_file("demo")

STEPS = (
    Migration(Version(0, 1), statements("CREATE TABLE dish (name TEXT)")),
    Migration(Version(0, 2), statements("ALTER TABLE dish ADD COLUMN price INTEGER DEFAULT 0")),
    Migration(
        Version(1, 0),
        statements(
            "CREATE TABLE plate (title TEXT, price INTEGER DEFAULT 0)",
            "INSERT INTO plate SELECT name, price FROM dish",
            "DELETE FROM dish",
        ),
    ),
    Migration(Version(1, 1), statements("CREATE INDEX plate_title ON plate (title)")),
)


def kind(*steps: Migration) -> FileFormat:
    return FileFormat("menu", "dish", "throw it away", steps)


def memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def schema(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    return db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()


def number(db: sqlite3.Connection) -> int:
    value = db.execute("PRAGMA user_version").fetchone()[0]
    assert isinstance(value, int)
    return value


def test_a_new_file_gets_every_step_and_the_newest_version() -> None:
    with closing(memory()) as db:
        migrate(db, kind(*STEPS), FILE)
        assert number(db) == 1001
        assert [name for _, name, _ in schema(db)] == ["dish", "plate", "plate_title"]


@given(st.integers(1, len(STEPS)), st.integers(1, len(STEPS)))
def test_a_file_made_in_stages_is_the_file_made_at_once(first: int, second: int) -> None:
    with closing(memory()) as staged, closing(memory()) as fresh:
        for end in sorted((first, second)):
            migrate(staged, kind(*STEPS[:end]), FILE)
        migrate(fresh, kind(*STEPS[: max(first, second)]), FILE)
        assert schema(staged) == schema(fresh)
        assert number(staged) == number(fresh)


def test_an_older_major_is_migrated_with_what_it_holds() -> None:
    with closing(memory()) as db:
        migrate(db, kind(STEPS[0]), FILE)
        db.execute("INSERT INTO dish VALUES ('soup')")
        migrate(db, kind(*STEPS), FILE)
        assert db.execute("SELECT title, price FROM plate").fetchall() == [("soup", 0)]


def test_a_newer_minor_is_opened_and_keeps_its_version() -> None:
    with closing(memory()) as db:
        migrate(db, kind(*STEPS[:2]), FILE)
        db.execute("INSERT INTO dish VALUES ('soup', 7)")
        migrate(db, kind(STEPS[0]), FILE)
        assert number(db) == 2
        db.execute("INSERT INTO dish (name) VALUES ('bread')")  # as the older program does
        assert db.execute("SELECT * FROM dish").fetchall() == [("soup", 7), ("bread", 0)]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            2000,
            r"kitchen\.sqlite has the format 2\.0, so a newer version of likelight wrote it; this "
            r"one knows 1\.1\. Update likelight",
        ),
        (
            1,
            r"kitchen\.sqlite has the format 0\.1, so an older version of likelight wrote it; this "
            r"one reads 0\.2 and later\. Run a version of likelight from between",
        ),
        (0, r"kitchen\.sqlite is not a menu of likelight: another program wrote it\. Move it away"),
        (-5, "another program wrote it"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(found: int, words: str) -> None:
    with closing(memory()) as db:
        db.execute("CREATE TABLE dish (name TEXT)")
        db.execute(f"PRAGMA user_version = {found}")
        before = schema(db)
        with pytest.raises(StoreIncompatible, match=words):
            migrate(db, kind(*STEPS[1:]), FILE)
        assert (schema(db), number(db)) == (before, found)


@pytest.mark.parametrize(("mine", "other"), [(DEVICE_FILE, CLOUD_FILE), (CLOUD_FILE, DEVICE_FILE)])
async def test_the_file_of_the_cloud_is_none_of_the_device_s(
    tmp_path: Path, mine: FileFormat, other: FileFormat
) -> None:
    path = tmp_path / "mistaken.sqlite"
    file = SqliteFile(path, other)
    await file.open(lambda _: None)
    await file.close()
    before = path.read_bytes()
    with pytest.raises(StoreIncompatible, match=rf"mistaken\.sqlite is not a {mine.name}"):
        await SqliteFile(path, mine).open(lambda _: None)
    assert path.read_bytes() == before


async def test_a_file_of_another_program_is_left_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE bookmark (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreIncompatible, match="another program wrote it"):
        await SqliteFile(path, kind(*STEPS)).open(lambda _: None)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


async def test_a_step_that_fails_half_way_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "menu.sqlite"

    async def dishes(*steps: Migration) -> list[str]:
        file = SqliteFile(path, kind(*steps))
        try:
            return await file.open(
                lambda db: [row["name"] for row in db.execute("SELECT name FROM dish")]
            )
        finally:
            await file.close()

    file = SqliteFile(path, kind(STEPS[0]))
    await file.open(lambda db: db.execute("INSERT INTO dish VALUES ('soup')"))
    await file.close()

    def cut(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM dish")
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="the power went"):
        await dishes(STEPS[0], STEPS[1], Migration(Version(1, 0), cut))
    with closing(sqlite3.connect(path)) as db:
        assert number(db) == 1
    assert await dishes(STEPS[0]) == ["soup"]
    assert await dishes(*STEPS[:2]) == ["soup"]


def taken_away(steps: Sequence[Migration]) -> list[str]:
    """Return what a minor step removes or asks of an older program's INSERT: it may only add."""
    found = []
    with closing(memory()) as db:
        for step in steps:
            before = _columns(db)
            step.apply(db)
            if step.version.minor == 0 or not before:
                continue
            after = _columns(db)
            found += [f"{step.version} takes away {name}" for name in before.keys() - after.keys()]
            tables = {table for table, _ in before}
            found += [
                f"{step.version} makes {table}.{column} necessary"
                for (table, column), needed in after.items()
                if table in tables and needed and (table, column) not in before
            ]
    return found


def _columns(db: sqlite3.Connection) -> dict[tuple[str, str], bool]:
    """Return for each column whether a row must give it a value."""
    tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {
        (table, name): bool(not_null) and default is None
        for (table,) in tables
        for _, name, _, not_null, default, _ in db.execute(f"PRAGMA table_info({table})")
    }


@pytest.mark.parametrize("real", [DEVICE_FILE, CLOUD_FILE], ids=lambda kind: kind.name)
def test_a_minor_step_only_adds(real: FileFormat) -> None:
    assert taken_away(real.migrations) == []


def test_the_check_of_minor_steps_sees_what_they_must_not_do() -> None:
    drop = Migration(Version(0, 2), statements("ALTER TABLE dish RENAME COLUMN name TO title"))
    need = Migration(
        Version(0, 2), statements("DROP TABLE dish", "CREATE TABLE dish (name, x NOT NULL)")
    )
    assert taken_away((STEPS[0], drop)) == ["0.2 takes away ('dish', 'name')"]
    assert taken_away((STEPS[0], need)) == ["0.2 makes dish.x necessary"]
    assert taken_away(STEPS) == []


def test_steps_in_the_wrong_order_are_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError, match="in the order of their versions"):
        replace(kind(*STEPS), migrations=STEPS[::-1])
