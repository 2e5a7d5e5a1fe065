"""What a user can set or type is in the README."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from likelight.config import Config

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def settings(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_every_setting_has_a_row() -> None:
    missing = [name for name in settings(Config) if f"| `{name}` |" not in README]
    assert not missing


def test_every_row_is_a_setting() -> None:
    rows = [line.split("`")[1] for line in README.splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(settings(Config))


def test_every_command_is_told() -> None:
    for command in ("likelight demo", "likelight run"):
        assert command in README
