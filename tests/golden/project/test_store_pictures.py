"""The pictures in firmware/store are what the panel and the lamp show.

`LIKELIGHT_UPDATE_GOLDEN=1 pytest tests/golden/project` draws them again; look at them.
"""

import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from support.store_pictures import SCREENS, lights, screen

STORE = Path(__file__).parents[3] / "firmware" / "store"
UPDATE = os.environ.get("LIKELIGHT_UPDATE_GOLDEN") == "1"
TOLERANCE = 2
"""Of 255 in a channel: less than an eye sees, and more than a build of FreeType differs."""


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_what_the_panel_shows(name: str) -> None:
    drawn, path = screen(name), STORE / f"{name}.webp"
    if UPDATE:
        drawn.save(path, lossless=True, method=6)
    with Image.open(path) as kept:
        assert kept.size == drawn.size
        difference = ImageChops.difference(kept.convert("RGB"), drawn.convert("RGB"))
    assert max(most for _, most in difference.getextrema()) <= TOLERANCE, name


def test_a_light_is_what_the_lamp_shows() -> None:
    if UPDATE:
        for name, drawn in lights().items():
            (STORE / f"{name}.svg").write_text(drawn, encoding="utf-8")
    kept = {path.stem: path.read_text(encoding="utf-8") for path in STORE.glob("*.svg")}
    assert kept == dict(lights())


def test_no_picture_is_left_of_a_screen_that_is_gone() -> None:
    assert {path.stem for path in STORE.glob("*.webp")} == set(SCREENS)
