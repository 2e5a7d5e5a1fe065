"""The screens as the crew sees them, compared with pictures that somebody has looked at.

Run with LIKELIGHT_UPDATE_GOLDEN=1 to draw the pictures anew, look at every one that changed, and
commit it. A 1-bit picture must be equal; a colour one may differ by 2 of 255 in a channel, which
is less than an eye sees and more than a build of FreeType does.
"""

import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from likelight.appreciation.screens.models import (
    CountScreen,
    IdleScreen,
    NoteScreen,
    PrivateScreen,
    Screen,
    StatusScreen,
    ThanksScreen,
)
from likelight.appreciation.screens.render import pages
from likelight_hw.ports import DisplayInfo
from support.panels import OLED, SEVEN_INCH

HERE = Path(__file__).parent
UPDATE = os.environ.get("LIKELIGHT_UPDATE_GOLDEN") == "1"
TOLERANCE = {"1": 0, "RGB": 2}

SCREENS: dict[str, Screen] = {
    "note": NoteScreen("You are my pizza-making heroes", "pizza"),
    "note-short": NoteScreen("Keep it up", "flame"),
    "note-heart": NoteScreen("You made my day", "heart"),
    "note-corner": NoteScreen("Danke, liebe Küche", "hands"),
    "count": CountScreen(128, viewers="30-49", on_air=True),
    "count-off-air": CountScreen(12_480),
    "thanks": ThanksScreen(),
    "idle": IdleScreen(128),
    "private": PrivateScreen(),
    "offline": StatusScreen(
        "No internet.", "The lamp and your buttons still work.", "cloud_crossed"
    ),
    "fault": StatusScreen("The camera is having trouble.", "The lamp still works.", "wrench"),
}


@pytest.mark.parametrize("panel", [SEVEN_INCH, OLED], ids=["800x480", "128x64"])
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_looks_as_it_did(name: str, panel: DisplayInfo) -> None:
    shown = pages(SCREENS[name], panel)
    size = f"{panel.width}x{panel.height}"
    paths = [HERE / f"{name}-{size}-{number}.png" for number in range(1, len(shown) + 1)]
    if UPDATE:
        for stale in HERE.glob(f"{name}-{size}-*.png"):
            stale.unlink()
        for page, path in zip(shown, paths, strict=True):
            page.image.save(path, optimize=True)
    assert sorted(HERE.glob(f"{name}-{size}-*.png")) == paths
    for page, path in zip(shown, paths, strict=True):
        with Image.open(path) as golden:
            assert (golden.mode, golden.size) == (page.image.mode, page.image.size)
            difference = ImageChops.difference(page.image.convert("RGB"), golden.convert("RGB"))
        furthest = max(difference.tobytes())
        assert furthest <= TOLERANCE[panel.mode], f"{path.name} differs by {furthest} of 255"
