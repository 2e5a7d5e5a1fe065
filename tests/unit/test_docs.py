"""What a user can set is in SETTINGS.md, and what can be typed in the README."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from likelight.config import Config

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
SETTINGS = (PROJECT / "firmware" / "SETTINGS.md").read_text(encoding="utf-8")


def settings(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        # `lights` is a tuple of tables.
        held = (field.annotation, *get_args(field.annotation))
        tables = [kind for kind in held if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if tables:
            yield from settings(tables[0], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_every_setting_has_a_row() -> None:
    missing = [name for name in settings(Config) if f"| `{name}` |" not in SETTINGS]
    assert not missing


def test_every_row_is_a_setting() -> None:
    rows = [line.split("`")[1] for line in SETTINGS.splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(settings(Config))


def test_every_command_is_told() -> None:
    for command in (
        "likelight demo",
        "likelight run",
        "likelight lights",
        "likelight queue",
        "likelight consent",
    ):
        assert command in README
