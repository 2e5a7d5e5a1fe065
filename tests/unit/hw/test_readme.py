"""hw/README.md names the modules of the camera, the child process and the lamps as they are."""

import re
from pathlib import Path

import pytest

HW = Path(__file__).parents[3] / "hw"
README = (HW / "README.md").read_text(encoding="utf-8")
NAMED = {Path(name).name for name in re.findall(r"`([\w/]+\.py)`", README)}


def modules(folder: str) -> set[str]:
    """Return the names of the modules in `folder` and below."""
    found = (HW / "likelight_hw" / folder).rglob("*.py")
    return {path.name for path in found if not path.name.startswith("__")}


def test_what_it_names_exists() -> None:
    assert modules(".") >= NAMED


@pytest.mark.parametrize("folder", ["child", "camera", "lamps", "picture"])
def test_it_names_all_of(folder: str) -> None:
    assert modules(folder) <= NAMED
