"""The screens: the right words, in type that the crew can read from where they stand."""

import math
from collections.abc import Iterable
from dataclasses import replace

import pytest
from PIL import Image

from likelight.appreciation.screens.canvas import Canvas
from likelight.appreciation.screens.geometry import FLOOR_ARC_MIN, em_for
from likelight.appreciation.screens.layout import Line
from likelight.appreciation.screens.models import (
    CountScreen,
    IdleScreen,
    NoteScreen,
    OnAirScreen,
    PrivateScreen,
    Screen,
    StatusScreen,
    ThanksScreen,
)
from likelight.appreciation.screens.render import hold_s, pages
from likelight_hw import panels
from likelight_hw.ports import DisplayInfo, Rgb
from support.panels import OLED, PANELS, SEVEN_INCH

every_panel = pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS.keys())

SCREENS: tuple[Screen, ...] = (
    NoteScreen("You are my pizza-making heroes", "pizza"),
    CountScreen(0),
    CountScreen(128, viewers="30-49", on_air=True),
    CountScreen(912_345, viewers="1000+", on_air=True),
    ThanksScreen(),
    IdleScreen(),
    IdleScreen(12_480),
    PrivateScreen(),
    StatusScreen("No internet.", "The lamp and your buttons still work.", "cloud_crossed"),
    StatusScreen("The clock is wrong.", "Call IT, code T1.", "clock"),
    StatusScreen("Starting", "", "clock"),
)
every_screen = pytest.mark.parametrize("screen", SCREENS, ids=repr)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    """Every line that any canvas draws from now on."""
    seen: list[Line] = []
    draw = Canvas.text

    def watch(canvas: Canvas, lines: Iterable[Line], colour: Rgb) -> tuple[str, ...]:
        drawn = list(lines)
        seen.extend(drawn)
        return draw(canvas, drawn, colour)

    monkeypatch.setattr(Canvas, "text", watch)
    return seen


@every_panel
@every_screen
def test_a_screen_has_the_panel_s_size_and_readable_type(
    panel: DisplayInfo, screen: Screen, lines: list[Line]
) -> None:
    shown = pages(screen, panel)

    assert shown
    assert [line.text for line in lines] == [line for page in shown for line in page.text]
    assert min(line.em for line in lines) >= em_for(panel, FLOOR_ARC_MIN)
    for page in shown:
        assert (page.image.mode, page.image.size) == (panel.mode, (panel.width, panel.height))
        assert _brightest_at_the_rim(page.image) < 0x90


@every_screen
def test_the_same_screen_is_the_same_picture(screen: Screen) -> None:
    first, second = ([page.image.tobytes() for page in pages(screen, OLED)] for _ in range(2))

    assert first == second


def test_pages_can_be_drawn_on_without_harm() -> None:
    (page,) = pages(ThanksScreen(), SEVEN_INCH)
    before = page.image.tobytes()
    page.image.paste(0, (0, 0, 800, 480))

    assert pages(ThanksScreen(), SEVEN_INCH)[0].image.tobytes() == before


def test_a_count_is_one_thought_a_page() -> None:
    likes, viewers = pages(CountScreen(12_480, viewers="30-49", on_air=True), SEVEN_INCH)

    assert likes.text == ("12,480", "today")
    assert viewers.text == ("30–49", "watching")
    assert [page.text for page in pages(CountScreen(1), SEVEN_INCH)] == [("1", "today")]


@pytest.mark.parametrize("panel", panels.PANELS)
@pytest.mark.parametrize(
    "screen",
    [
        OnAirScreen("30-49"),
        CountScreen(128, "30-49", on_air=True),
        IdleScreen(128, viewers="30-49", on_air=True),
    ],
    ids=lambda screen: screen.name,
)
def test_on_air_is_a_bar_along_the_upper_edge_that_is_seen_at_3_m(
    screen: Screen, panel: str
) -> None:
    """5 arc-minutes high, or a tenth of a small panel; red, or solid where there is no red."""
    info = panels.PANELS[panel].info
    light = (0xC9, 0x2A, 0x2A) if info.mode == "RGB" else (255, 255, 255)
    edge = 2 if info.burns_in else 0
    least = min(info.height // 10, math.ceil(4.363 / info.mm_per_px))

    for page in pages(screen, info):
        bar = page.image.convert("RGB").crop((edge, edge, info.width - edge, edge + least))
        assert bar.getcolors() == [(bar.width * bar.height, light)]
    if isinstance(screen, CountScreen | IdleScreen):
        for page in pages(replace(screen, on_air=False), info):
            assert page.image.convert("RGB").getpixel((info.width // 2, edge)) != light


def test_a_resting_screen_says_how_many_watch_where_the_kitchen_wants_it() -> None:
    (page,) = pages(IdleScreen(128, viewers="30-49", on_air=True), SEVEN_INCH)

    assert page.text == ("30–49", "watching", "128 today")


def test_the_private_screen_says_all_of_it_at_one_glance() -> None:
    (page,) = pages(PrivateScreen(), SEVEN_INCH)

    assert " ".join(page.text) == "Camera off. Press again to share."


def test_idle_shows_no_zero() -> None:
    assert pages(IdleScreen(0), SEVEN_INCH)[0].text == ("All quiet",)
    assert pages(IdleScreen(128), SEVEN_INCH)[0].text == ("All quiet", "128 today")


def test_a_screen_without_words_is_still_a_page() -> None:
    assert [page.text for page in pages(StatusScreen("", "", "clock"), OLED)] == [()]
    assert [page.text for page in pages(NoteScreen(" ", "heart"), OLED)] == [()]


@pytest.mark.parametrize(("letters", "seconds"), [(0, 4.0), (30, 4.0), (40, 4.4), (100, 8.0)])
def test_a_page_stands_long_enough_to_be_read(letters: int, seconds: float) -> None:
    assert hold_s(("x" * letters,)) == pytest.approx(seconds)


def _brightest_at_the_rim(image: Image.Image) -> int:
    grey = image.convert("L")
    width, height = grey.size
    rims = [(0, 0, width, 1), (0, height - 1, width, height)]
    rims += [(0, 0, 1, height), (width - 1, 0, width, height)]
    return max(max(grey.crop(rim).tobytes()) for rim in rims)
