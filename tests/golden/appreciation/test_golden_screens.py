"""The screens as the crew sees them, compared with pictures that somebody has looked at.

One picture a screen and panel in screens/PANEL/, its pages stacked. Run with
LIKELIGHT_UPDATE_GOLDEN=1 to draw the pictures again, look at every one that changed, and commit it.
A 1-bit picture must be equal. A colour one is kept small (lossless WebP, at most 320 px wide) and
may differ by 2 of 255 in a channel: less than an eye sees, more than a build of FreeType does.
"""

import math
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.panel.headline import answers, headline
from likelight.appreciation.panel.situation import Situation
from likelight.appreciation.screens.models import (
    CountScreen,
    HoldScreen,
    IdleScreen,
    NewNotesScreen,
    NoteScreen,
    OnAirScreen,
    Page,
    PairingScreen,
    Screen,
    SelfTestScreen,
    StatusScreen,
    UpdatingScreen,
)
from likelight.appreciation.screens.render import pages
from likelight.appreciation.sync.client import FailureKind
from likelight.appreciation.sync.connection import CloudConnection
from likelight.contract import Cause, State
from likelight.runtime.troubles import Trouble
from likelight_hw.panels import PANELS

HERE = Path(__file__).parent / "screens"
UPDATE = os.environ.get("LIKELIGHT_UPDATE_GOLDEN") == "1"
TOLERANCE = {"1": 0, "RGB": 2}
WIDEST = 320
OPENS = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)


def said(**how: object) -> Screen:
    """Return the headline of a calm kitchen in which this is different."""
    calm = {"connection": CloudConnection.CONNECTED, "camera": State.IDLE, "likes_today": 128}
    return headline(Situation(**{**calm, **how}))  # type: ignore[arg-type]


ASKED = StatusScreen(
    "Notice 3",
    "Signed on paper? It holds until 30 Nov 2027. Hold THANKS for 5 s.",
    "camera_crossed",
)

SCREENS: dict[str, Screen] = {
    "note": NoteScreen("You are my pizza-making heroes", "pizza"),
    "note-short": NoteScreen("Keep it up", "flame"),
    "note-heart": NoteScreen("You made my day", "heart"),
    "note-accents": NoteScreen("Danke, liebe Küche", "hands"),
    "count": CountScreen(128, viewers="30-49", on_air=True),
    "count-off-air": CountScreen(12_480),
    "count-thousands": CountScreen(12_480, viewers="10000-29999", on_air=True),
    "on-air": OnAirScreen("30-49"),
    "on-air-thousands": OnAirScreen("1000-2999"),
    "thanks": answers()[0],
    "private": answers()[1],
    "thanks-kept": answers()[2],
    "idle": IdleScreen(128),
    "idle-first": IdleScreen(),
    "idle-watching": IdleScreen(128, viewers="30-49", on_air=True),
    "starting": said(connection=CloudConnection.STARTING),
    "no-internet": said(connection=CloudConnection.OFFLINE),
    "no-names": said(connection=CloudConnection.OFFLINE, obstacle=Obstacle.NO_NAME),
    "wrong-clock": said(connection=CloudConnection.OFFLINE, obstacle=Obstacle.WRONG_TIME),
    "stranger": said(connection=CloudConnection.OFFLINE, obstacle=Obstacle.LOG_IN),
    "cloud-trouble": said(connection=CloudConnection.OFFLINE, failure=FailureKind.CLOUD),
    "refused": said(connection=CloudConnection.REFUSED),
    "superseded": said(connection=CloudConnection.SUPERSEDED),
    "fault": said(camera=State.FAULT),
    "closed": said(camera=State.CLOSED, opens_at=OPENS),
    "closed-till-tomorrow": said(camera=State.CLOSED, opens_at=OPENS, today=date(2026, 11, 24)),
    "closed-for-days": said(camera=State.CLOSED, opens_at=OPENS, today=date(2026, 11, 21)),
    "no-consent": said(camera=State.OFF, cause=Cause.CONSENT),
    "consent-ends": said(consent_until=date(2026, 12, 1)),
    "not-paired": said(troubles=(Trouble.NOT_PAIRED,)),
    "settings-mistake": said(troubles=(Trouble.CONFIG,)),
    "card-full": said(troubles=(Trouble.DISK_FULL,)),
    "card-failing": said(troubles=(Trouble.DISK_READ_ONLY,)),
    "no-page": said(troubles=(Trouble.ADDRESS,)),
    "private-not-kept": said(camera=State.PRIVATE, troubles=(Trouble.DISK_READ_ONLY,)),
    "stuck": said(stuck=("THANKS",)),
    "new-notes": NewNotesScreen(("Like my mother's", "Best crust in town", "Worth the way")),
    "updating": UpdatingScreen(0.42),
    "pairing": PairingScreen("K7QF-2MXP"),
    "consent-ask": ASKED,
    "consent-held": HoldScreen(ASKED, 5, 3),
    "consent-recorded": StatusScreen("Consent recorded.", "Press PRIVACY to share.", "check"),
    "aim": StatusScreen("Aim the camera.", "PRIVACY ends it.", "camera"),
    "selftest-ask": SelfTestScreen(2, 7, "Lamp", "Does it glow?"),
    "selftest-pass": SelfTestScreen(3, 7, "Buttons", "Both work.", passed=True),
    "selftest-fail": SelfTestScreen(5, 7, "Camera", "No picture. Check its cable.", passed=False),
}


def stacked(shown: tuple[Page, ...]) -> Image.Image:
    """Return the pages one below the other, small enough for a repository."""
    first = shown[0].image
    sheet = Image.new(first.mode, (first.width, first.height * len(shown)))
    for number, page in enumerate(shown):
        sheet.paste(page.image, (0, number * first.height))
    return sheet if first.mode == "1" else sheet.reduce(math.ceil(first.width / WIDEST))


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_looks_as_it_did(name: str, panel: str) -> None:
    info = PANELS[panel].info
    picture = stacked(pages(SCREENS[name], info))
    kind = "png" if info.mode == "1" else "webp"
    path = HERE / panel / f"{name}.{kind}"
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, optimize=True, lossless=True, method=6)
    with Image.open(path) as golden:
        assert golden.size == picture.size
        difference = ImageChops.difference(picture.convert("RGB"), golden.convert("RGB"))
    furthest = max(most for _, most in difference.getextrema())
    assert furthest <= TOLERANCE[info.mode], f"{panel}/{path.name} differs by {furthest} of 255"


def test_no_picture_is_left_over() -> None:
    kept = {f"{path.parent.name}/{path.stem}" for path in HERE.glob("*/*.*")}
    assert kept == {f"{panel}/{name}" for panel in PANELS for name in SCREENS}
