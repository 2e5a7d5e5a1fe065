"""The strips in LAMP.md are what the code draws, and every effect has its row.

`LIKELIGHT_UPDATE_GOLDEN=1 pytest tests/golden/appreciation/test_lamp_strips.py` draws them again;
look at them.
"""

import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from likelight.appreciation.lamp.effects import EFFECTS
from likelight.appreciation.lamp.strip import strip

FIRMWARE = Path(__file__).parents[3] / "firmware"
STRIPS = FIRMWARE / "lamp"
LAMP_MD = (FIRMWARE / "LAMP.md").read_text(encoding="utf-8")
UPDATE = os.environ.get("LIKELIGHT_UPDATE_GOLDEN") == "1"
TOLERANCE = 2
"""Of 255 in a channel: less than an eye sees, and more than a build of FreeType differs."""


@pytest.mark.parametrize("name", EFFECTS)
def test_a_strip_is_what_the_code_draws(name: str) -> None:
    drawn, path = strip(EFFECTS[name]), STRIPS / f"{name}.png"
    if UPDATE:
        drawn.save(path, optimize=True)
    assert path.stat().st_size < 10_000
    with Image.open(path) as golden:
        assert (golden.mode, golden.size) == (drawn.mode, drawn.size)
        furthest = max(ImageChops.difference(drawn, golden).tobytes())
    assert furthest <= TOLERANCE, f"{path.name} differs by {furthest} of 255"


def test_no_strip_is_left_of_an_effect_that_is_gone() -> None:
    assert sorted(path.stem for path in STRIPS.iterdir()) == sorted(EFFECTS)


@pytest.mark.parametrize("name", EFFECTS)
def test_every_effect_is_described_in_its_own_words(name: str) -> None:
    (row,) = (line for line in LAMP_MD.splitlines() if line.startswith(f"| `{name}` |"))
    assert f"| {EFFECTS[name].means} |" in row
    assert f"](lamp/{name}.png)" in row
