"""Whatever a screen says, on whichever panel: nothing is cut, nothing is set below the floor."""

import string
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from likelight.appreciation.screens import palette
from likelight.appreciation.screens.canvas import Canvas
from likelight.appreciation.screens.care import framed, moved, orbit
from likelight.appreciation.screens.geometry import FLOOR_ARC_MIN, ORBIT, em_for
from likelight.appreciation.screens.layout import Line
from likelight.appreciation.screens.models import (
    CountScreen,
    HoldScreen,
    IdleScreen,
    NoteScreen,
    OnAirScreen,
    PairingScreen,
    Screen,
    SelfTestScreen,
    StatusScreen,
    UpdatingScreen,
)
from likelight.appreciation.screens.render import pages
from likelight.assets import icons
from likelight.assets.breaking import ink_of
from likelight_hw.panels import PANELS
from likelight_hw.ports import DisplayInfo, Rgb

every_panel = pytest.mark.parametrize(
    "panel", [panel.info for panel in PANELS.values()], ids=PANELS
)
oleds = [panel.info for panel in PANELS.values() if panel.info.burns_in]

words = st.text(string.ascii_letters + "éÜñç.,!?'-", min_size=1, max_size=14)
text = st.lists(words, min_size=1, max_size=9).map(" ".join)
icon = st.sampled_from(sorted(icons.NAMES))
count = st.integers(0, 10**9)
band = st.sampled_from([None, "1-2", "30-49", "1000+"])
code = st.text(string.ascii_uppercase + string.digits, min_size=8, max_size=8).map(
    lambda letters: f"{letters[:4]}-{letters[4:]}"
)
screens: st.SearchStrategy[Screen] = st.one_of(
    st.builds(NoteScreen, text, icon),
    st.builds(CountScreen, count, band, st.booleans()),
    st.builds(OnAirScreen, band),
    st.builds(IdleScreen, count, viewers=band, on_air=st.booleans()),
    st.builds(StatusScreen, text, text, icon),
    st.builds(UpdatingScreen, st.none() | st.floats(-0.5, 1.5)),
    st.builds(PairingScreen, code),
    st.integers(1, 9).flatmap(
        lambda of: st.builds(
            HoldScreen, st.builds(StatusScreen, text, text, icon), st.just(of), st.integers(0, of)
        )
    ),
    st.integers(1, 9).flatmap(
        lambda of: st.builds(
            SelfTestScreen,
            st.integers(1, of),
            st.just(of),
            text,
            text,
            st.sampled_from([None, True, False]),
        )
    ),
)


def drawn(screen: Screen, panel: DisplayInfo) -> tuple[list[Image.Image], list[Line]]:
    """Draw `screen` and return its pictures and every line of text on them."""
    lines: list[Line] = []
    draw = Canvas.text

    def watch(canvas: Canvas, some: Iterable[Line], colour: Rgb) -> tuple[str, ...]:
        lines.extend(some := list(some))
        return draw(canvas, some, colour)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Canvas, "text", watch)
        return [page.image for page in pages(screen, panel)], lines


@every_panel
@settings(deadline=None, max_examples=15)
@given(screen=screens)
def test_every_line_is_readable_and_on_the_panel(panel: DisplayInfo, screen: Screen) -> None:
    pictures, lines = drawn(screen, panel)

    assert pictures
    assert all(
        (picture.mode, picture.size) == (panel.mode, (panel.width, panel.height))
        for picture in pictures
    )
    for line in lines:
        left, top, right, bottom = ink_of(line.text, line.em, line.bold, line.face)
        assert line.em >= em_for(panel, FLOOR_ARC_MIN)
        assert line.x - (right - left) / 2 >= 0
        assert line.x + (right - left) / 2 <= panel.width
        assert line.baseline + top >= 0
        assert line.baseline + bottom <= panel.height


@settings(deadline=None, max_examples=40)
@given(panel=st.sampled_from(oleds), screen=screens, step=st.integers(0, 10**6))
def test_what_moves_about_is_never_cut(panel: DisplayInfo, screen: Screen, step: int) -> None:
    for page in pages(screen, panel):
        box = page.image.getbbox()
        assert box is not None
        assert min(box[0], box[1]) >= ORBIT
        assert box[2] <= panel.width - ORBIT
        assert box[3] <= panel.height - ORBIT
        elsewhere = moved(page.image, *orbit(step))
        assert elsewhere.histogram() == page.image.histogram()


@every_panel
def test_a_felt_press_changes_only_the_rim(panel: DisplayInfo) -> None:
    picture = pages(IdleScreen(128), panel)[0].image
    answer = framed(picture)
    rim = max(ORBIT, panel.height // 40)
    inner = (rim, rim, panel.width - rim, panel.height - rim)

    assert answer.crop(inner).tobytes() == picture.crop(inner).tobytes()
    assert answer.getpixel((0, 0)) != picture.getpixel((0, 0))


@every_panel
def test_every_panel_has_the_code_to_tell(panel: DisplayInfo) -> None:
    shown = pages(PairingScreen("K7QF-2MXP"), panel)

    assert "K7QF-2MXP" in "".join(line for page in shown for line in page.text)


def test_colours_on_panels_have_the_contrast_that_reading_needs() -> None:
    for colour in (palette.INK, palette.MUTED, palette.HEART, palette.GLOW, palette.WELL):
        assert _contrast(colour, palette.PAPER) >= 4.5
    assert _contrast(palette.ON_AIR, palette.PAPER) >= 3
    for colour in (palette.FAULT, palette.PRIVATE, palette.GLOW, palette.WELL):
        assert _contrast(palette.PAPER, colour) >= 4.5


def _contrast(one: Rgb, other: Rgb) -> float:
    lights = sorted(map(_luminance, (one, other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(colour: Rgb) -> float:
    linear = [
        level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4
        for level in (channel / 255 for channel in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
