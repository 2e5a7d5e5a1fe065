"""The tokens of a kitchen's device in the SQLite store. Called inside a transaction."""

import sqlite3


def add(db: sqlite3.Connection, kid: str, token_hash: bytes) -> None:
    """Make a token valid beside the oldest."""
    db.execute(
        "INSERT INTO token (hash, kid) VALUES (?, ?) ON CONFLICT DO NOTHING", (token_hash, kid)
    )
    db.execute(
        "DELETE FROM token WHERE kid = :kid"
        " AND n > (SELECT min(n) FROM token WHERE kid = :kid)"
        " AND n < (SELECT max(n) FROM token WHERE kid = :kid)",
        {"kid": kid},
    )
