"""A disk that a test can fill, or make read-only."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from support.disk import disk_of


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB of its own."""
    with disk_of(2, tmp_path / "disk") as disk:
        yield disk


def fill(disk: Path) -> None:
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(512))
