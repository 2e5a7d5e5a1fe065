"""The tables of the SQLite store and their versions. Times are milliseconds since 1970."""

import secrets
import sqlite3

from likelight.runtime.migrations import FileFormat, Migration, Version, statements

_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT",
    """CREATE TABLE kitchen (
        kid TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        epoch TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        revision INTEGER NOT NULL DEFAULT 0,
        head INTEGER NOT NULL DEFAULT 0,
        acked INTEGER NOT NULL DEFAULT 0,
        likes_total INTEGER NOT NULL DEFAULT 0,
        notes_shown INTEGER NOT NULL DEFAULT 0,
        desired TEXT NOT NULL,
        thanks_at INTEGER,
        state TEXT,
        state_since INTEGER,
        simulated INTEGER,
        lit_total INTEGER,
        last_lit_at INTEGER,
        received_at INTEGER,
        status TEXT
    ) STRICT""",
    """CREATE TABLE token (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        hash BLOB NOT NULL,
        kid TEXT NOT NULL REFERENCES kitchen,
        UNIQUE (kid, hash)
    ) STRICT""",
    """CREATE TABLE note (
        kid TEXT NOT NULL REFERENCES kitchen,
        seq INTEGER NOT NULL,
        id TEXT NOT NULL UNIQUE,
        code TEXT NOT NULL,
        key TEXT,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        delivered_at INTEGER,
        shown_at INTEGER,
        thanked_at INTEGER,
        PRIMARY KEY (kid, seq)
    ) STRICT, WITHOUT ROWID""",
    "CREATE UNIQUE INDEX note_key ON note (kid, key) WHERE key IS NOT NULL",
    "CREATE INDEX note_key_age ON note (created_at) WHERE key IS NOT NULL",
    """CREATE TABLE boot (
        ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
        kid TEXT NOT NULL REFERENCES kitchen,
        boot_id TEXT NOT NULL,
        n INTEGER NOT NULL,
        UNIQUE (kid, boot_id)
    ) STRICT""",
)


def _first(db: sqlite3.Connection) -> None:
    for statement in _TABLES:
        db.execute(statement)
    db.execute("INSERT INTO meta (name, value) VALUES ('secret', ?)", (secrets.token_bytes(32),))


_THANKS_BY_ID = statements(
    "ALTER TABLE kitchen ADD COLUMN thanks_id TEXT",
    "UPDATE kitchen SET thanks_id = lower(hex(randomblob(8))) WHERE thanks_at IS NOT NULL",
)

_LIKES_BY_DAY = statements(
    """CREATE TABLE likes_day (
        kid TEXT NOT NULL REFERENCES kitchen,
        day TEXT NOT NULL,
        n INTEGER NOT NULL,
        PRIMARY KEY (kid, day)
    ) STRICT, WITHOUT ROWID""",
)

# By expiry: of 30 days of notes those that never were shown stay in it.
_WAITING = statements("CREATE INDEX note_waiting ON note (kid, expires_at) WHERE shown_at IS NULL")

_ENROLMENT = statements(
    """CREATE TABLE enrolment (
        kid TEXT PRIMARY KEY REFERENCES kitchen,
        code_hash BLOB NOT NULL UNIQUE,
        expires_at INTEGER NOT NULL,
        token_hash BLOB
    ) STRICT, WITHOUT ROWID""",
)
_DETAILS = statements("ALTER TABLE kitchen ADD COLUMN details TEXT NOT NULL DEFAULT '{}'")
_ROTATION = statements(
    "ALTER TABLE kitchen ADD COLUMN rotation TEXT",
    "ALTER TABLE kitchen ADD COLUMN rotation_at INTEGER",
)

_PAIRING = statements(
    """CREATE TABLE pairing (
        device_hash BLOB PRIMARY KEY,
        user_hash BLOB NOT NULL UNIQUE,
        token_hash BLOB NOT NULL,
        serial TEXT NOT NULL,
        sw TEXT NOT NULL,
        place TEXT NOT NULL,
        asked_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        refused INTEGER NOT NULL DEFAULT 0,
        kid TEXT REFERENCES kitchen
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX token_hash ON token (hash)",
    """CREATE TABLE wrong_codes (
        operator BLOB PRIMARY KEY,
        n INTEGER NOT NULL,
        last_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)

_OPERATORS = statements(
    """CREATE TABLE operator (
        name TEXT PRIMARY KEY,
        role TEXT NOT NULL,
        token_hash BLOB NOT NULL UNIQUE,
        added_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)

_SIGNALS = statements(
    "ALTER TABLE kitchen ADD COLUMN unlit_since INTEGER",
    "ALTER TABLE kitchen ADD COLUMN pictures_missing_since INTEGER",
    # `subject` is a kitchen, which may have been removed meanwhile, or '' for the fleet.
    """CREATE TABLE signal (
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        began_at INTEGER NOT NULL,
        words TEXT NOT NULL,
        PRIMARY KEY (kind, subject)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE webhook (
        id TEXT PRIMARY KEY,
        url TEXT NOT NULL UNIQUE,
        added_at INTEGER NOT NULL,
        failing_since INTEGER,
        off_because TEXT
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE delivery (
        message TEXT NOT NULL,
        webhook TEXT NOT NULL REFERENCES webhook,
        body TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        next_at INTEGER NOT NULL,
        PRIMARY KEY (message, webhook)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX delivery_due ON delivery (next_at)",
)

# `INSERT OR REPLACE` deletes without firing a trigger: the last one refuses it.
_AUDIT = statements(
    """CREATE TABLE audit (
        n INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        who TEXT NOT NULL,
        action TEXT NOT NULL,
        about TEXT NOT NULL,
        detail TEXT NOT NULL,
        previous BLOB NOT NULL,
        hash BLOB NOT NULL
    ) STRICT""",
    """CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit log only grows: no row of it is changed');
    END""",
    """CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit log only grows: no row of it is deleted');
    END""",
    """CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
    WHEN NEW.n <= (SELECT max(n) FROM audit) BEGIN
        SELECT RAISE(ABORT, 'the audit log only grows: no row of it is replaced');
    END""",
)

_FLEET_CHANGES = statements(
    """CREATE TABLE fleet_change (
        id TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)

# A source's secrets are as they are, since signatures are computed from them.
_SOURCES = statements(
    """CREATE TABLE source (
        name TEXT PRIMARY KEY,
        profile TEXT,
        secret BLOB NOT NULL,
        other_secret BLOB,
        created_at INTEGER NOT NULL,
        hour INTEGER NOT NULL DEFAULT 0,
        likes INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE source_event (
        name TEXT NOT NULL REFERENCES source,
        id BLOB NOT NULL,
        digest BLOB NOT NULL,
        answer TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (name, id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX source_event_age ON source_event (name, created_at)",
    """CREATE TABLE source_kitchen (
        kid TEXT NOT NULL REFERENCES kitchen,
        name TEXT NOT NULL REFERENCES source,
        base INTEGER,
        likes INTEGER NOT NULL,
        PRIMARY KEY (kid, name)
    ) STRICT, WITHOUT ROWID""",
    "ALTER TABLE note ADD COLUMN source TEXT NOT NULL DEFAULT 'page'",
)

_AGGREGATES = statements(
    "ALTER TABLE likes_day ADD COLUMN many INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE likes_hour (
        kid TEXT NOT NULL REFERENCES kitchen,
        period INTEGER NOT NULL,
        slot INTEGER NOT NULL,
        n INTEGER NOT NULL,
        many INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (kid, period, slot)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE notes_week (
        kid TEXT NOT NULL REFERENCES kitchen,
        week TEXT NOT NULL,
        code TEXT NOT NULL,
        n INTEGER NOT NULL,
        many INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (kid, week, code)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE lamp_day (
        kid TEXT NOT NULL REFERENCES kitchen,
        day TEXT NOT NULL,
        heard_ms INTEGER NOT NULL,
        dark_ms INTEGER NOT NULL,
        PRIMARY KEY (kid, day)
    ) STRICT, WITHOUT ROWID""",
)

_MOMENTS = statements(
    "ALTER TABLE kitchen ADD COLUMN moment TEXT",
    "ALTER TABLE kitchen ADD COLUMN moment_until INTEGER",
)

_CATALOGUES = statements(
    """CREATE TABLE catalogue (
        sha256 TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        body BLOB NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE catalogue_asked (
        kid TEXT NOT NULL REFERENCES kitchen,
        sha256 TEXT NOT NULL REFERENCES catalogue,
        asked_at INTEGER NOT NULL,
        PRIMARY KEY (kid, sha256)
    ) STRICT, WITHOUT ROWID""",
)
# The fleet's page asks for four weeks of all kitchens, of 400 days.
_NOTES_SHOWN = statements("CREATE INDEX notes_shown ON notes_week (week, code, n) WHERE many = 1")

CLOUD_FILE = FileFormat(
    name="cloud database",
    table="kitchen",
    when_damaged="restore its last copy, or move it away and add the kitchens again",
    migrations=(
        Migration(Version(0, 1), _first),
        Migration(Version(0, 2), _THANKS_BY_ID),
        Migration(Version(0, 3), _LIKES_BY_DAY),
        Migration(Version(0, 4), _WAITING),
        Migration(Version(0, 5), _ENROLMENT),
        Migration(Version(0, 6), _DETAILS),
        Migration(Version(0, 7), _PAIRING),
        Migration(Version(0, 8), _ROTATION),
        Migration(Version(0, 9), _OPERATORS),
        Migration(Version(0, 10), _SIGNALS),
        Migration(Version(0, 11), _AUDIT),
        Migration(Version(0, 12), _FLEET_CHANGES),
        Migration(Version(0, 13), _SOURCES),
        Migration(Version(0, 14), _AGGREGATES),
        Migration(Version(0, 15), _MOMENTS),
        Migration(Version(0, 16), _CATALOGUES),
        Migration(Version(0, 17), _NOTES_SHOWN),
    ),
)
