"""The pictures on STORE.md and OFFICE.md: panel and lamp, drawn by their own code.

The panel is the reference kit's. A light is a curve over time: its height is how bright it looks,
its filling the colour at full strength, since paper can't show how dim it is.
"""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from PIL import Image

from likelight.appreciation.lamp.effects import EFFECTS, Base, Effect
from likelight.appreciation.lamp.patterns import PATTERNS, PAUSE_S
from likelight.appreciation.lamp.scene import CROSSFADE_S, Scene
from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.panel.headline import answers, headline
from likelight.appreciation.panel.obstacle_screen import obstacle_screen
from likelight.appreciation.panel.situation import LineToMend, Situation
from likelight.appreciation.screens.models import (
    HoldScreen,
    IdleScreen,
    NewNotesScreen,
    NoteScreen,
    OnAirScreen,
    Screen,
    StatusScreen,
    UpdatingScreen,
)
from likelight.appreciation.screens.render import pages
from likelight.appreciation.sync.connection import CloudConnection
from likelight.assets.crew_words import ENGLISH
from likelight.config.settings import ConsentSettings
from likelight.contract import Cause, State
from likelight.daemon.panel_consent import HOLD_S, notice_today
from likelight.runtime.troubles import Trouble
from likelight_hw.panels import PANELS

PANEL: Final = PANELS["lcd-7"].info
_SMALLER: Final = 4
CODE: Final = "K7QF-2MXP"


def said(**how: object) -> Screen:
    """Return the headline of a calm kitchen in which this is different."""
    calm = {"connection": CloudConnection.CONNECTED, "camera": State.IDLE, "likes_today": 128}
    return headline(Situation(**{**calm, **how}))  # type: ignore[arg-type]


def _question(title: str, detail: str) -> StatusScreen:
    hold = ENGLISH.hold.format(name="THANKS", seconds=3)
    return StatusScreen(title, f"{detail} {hold}", "wrench")


_NOTICE = notice_today(ConsentSettings(), "0421", datetime(2026, 12, 1, tzinfo=UTC)).screen(
    ENGLISH, "THANKS"
)

_RECORDED = StatusScreen(ENGLISH.recorded, ENGLISH.press_privacy, "check")

SCREENS: Final[Mapping[str, Screen]] = {
    **{
        one.code: obstacle_screen(one, CODE if one is Obstacle.NOT_CLAIMED else None, ENGLISH)
        for one in Obstacle
    },
    "starting": said(connection=CloudConnection.STARTING),
    "quiet": IdleScreen(128),
    "on-air": OnAirScreen("30-49"),
    "note": NoteScreen("You are my pizza-making heroes", "pizza"),
    "private": answers()[1],
    "waits-for-consent": said(camera=State.OFF, cause=Cause.CONSENT),
    "thanks": answers()[0],
    "thanks-kept": answers()[2],
    "no-internet": said(connection=CloudConnection.OFFLINE),
    "no-connection": said(connection=CloudConnection.REFUSED),
    "camera-trouble": said(camera=State.FAULT, trouble="K1"),
    "consent-ends": said(consent_until=date(2026, 12, 14)),
    "card-full": said(troubles=(Trouble.DISK_FULL,)),
    "card-failing": said(troubles=(Trouble.DISK_READ_ONLY,)),
    "setting": said(troubles=(Trouble.CONFIG,)),
    "line": said(file_mistakes=(LineToMend(4, "write", "cloud = https://cloud.example"),)),
    "another-store": _question(ENGLISH.reset_title, ENGLISH.reset_detail),
    "notice": _NOTICE,
    "notice-hold": _NOTICE,
    "notice-held": HoldScreen(_NOTICE, HOLD_S, 3),
    "recorded": _RECORDED,
    "recorded-press": _RECORDED,
    "aim": StatusScreen(ENGLISH.aim, ENGLISH.aim_ends, "camera"),
    "new-notes": NewNotesScreen(("Like my mother's", "Best crust in town", "Worth the way")),
    "stuck": said(stuck=("THANKS",)),
    "updating": UpdatingScreen(0.42),
}
"""By the names of the files in firmware/store."""
_PAGE: Final = {
    # The first one is "No connection." each time.
    **{one.code: 1 for one in Obstacle if SCREENS[one.code].name == "status"},
    Obstacle.WRONG_TIME.code: 0,
    "notice-hold": -1,
    "recorded-press": 1,
}


def screen(name: str) -> Image.Image:
    """Draw the page of a screen that tells it from others, small."""
    shown = pages(SCREENS[name], PANEL)
    return shown[_PAGE.get(name, 0)].image.reduce(_SMALLER)


_WIDE, _HIGH = 100, 16
_DAY_S, _PATTERN_S = 10.0, 17.0
_STEP_S = 0.1
_DAY, _FAINT = (0.0, 0.8), (0.05, 0.15)
"""What levels are the lower and the upper edge: any gesture's here, and any pattern's."""


def lights() -> Mapping[str, str]:
    """Return each picture of a light as SVG, by its file's name."""
    bases = {
        "lamp-quiet": Base.QUIET,
        "lamp-watched": Base.ON_AIR,
        "lamp-private": Base.PRIVATE,
        "lamp-offline": Base.OFFLINE,
    }
    effects = {f"lamp-{name}": EFFECTS[name] for name in ("like", "likes", "note", "thanks")}
    return {
        **{f"lamp-{one.code}": _pattern(one) for one in Obstacle},
        **{name: _curve(Scene(base=base), _DAY_S, _DAY) for name, base in bases.items()},
        **{name: _swell(effect) for name, effect in effects.items()},
        "lamp-dark": _svg(""),
        "on-air-light": _svg(f'<circle cx="50" cy="{_HIGH / 2:g}" r="5" fill="#ff3b30"/>'),
    }


def _pattern(obstacle: Obstacle) -> str:
    scene = Scene(base=Base.SETUP, pattern=PATTERNS[obstacle], based_at=-CROSSFADE_S)
    # One round without its pause, which comes first.
    return _curve(scene, _PATTERN_S, _FAINT, begin=PAUSE_S - 1, end=PATTERNS[obstacle].keys[-1].at)


def _swell(effect: Effect) -> str:
    return _curve(Scene().with_effect(effect, 1.0), _DAY_S, _DAY)


def _curve(
    scene: Scene,
    seconds: float,
    levels: tuple[float, float],
    *,
    begin: float = 0.0,
    end: float = math.inf,
) -> str:
    """Draw `scene` from `begin` to `end`, in the colour of its brightest moment."""
    steps = range(round(seconds / _STEP_S) + 1)
    frames = [scene.frame(min(begin + step * _STEP_S, end)) for step in steps]
    each = _WIDE / (len(frames) - 1)
    low, high = levels
    tops = [f"{_HIGH * (high - frame.level) / (high - low):.1f}" for frame in frames]
    points = [
        f"{number * each:.1f},{top}"
        for number, top in enumerate(tops)
        # A straight line needs its ends alone.
        if number in (0, len(tops) - 1) or not tops[number - 1] == top == tops[number + 1]
    ]
    colour = bytes(max(frames, key=lambda frame: frame.level).rgb).hex()
    around = " ".join((f"0,{_HIGH}", *points, f"{_WIDE},{_HIGH}"))
    return _svg(f'<polygon points="{around}" fill="#{colour}"/>')


def _svg(inner: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" '
        f'width="{_WIDE}" height="{_HIGH}"><rect width="{_WIDE}" height="{_HIGH}" '
        f'fill="#171411"/>{inner}</svg>\n'
    )
