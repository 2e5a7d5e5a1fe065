"""The drawings of a panel: kept small, on the panel and before."""

from likelight.appreciation.panel.drawings import Drawings
from likelight.appreciation.screens.models import StatusScreen, ThanksScreen
from likelight.appreciation.screens.render import pages
from likelight_hw.panels import PANELS

SEVEN_INCH = PANELS["lcd-7"].info
SEVERAL_PAGES = StatusScreen(
    "Not connected to the internet", "Likes and notes wait. The lamp still works.", "cloud_crossed"
)


async def test_pages_are_packed_and_come_back_as_they_were_drawn() -> None:
    drawn = await Drawings(SEVEN_INCH).begin(SEVERAL_PAGES)
    assert len(drawn) > 1
    for page, original in zip(drawn, pages(SEVERAL_PAGES, SEVEN_INCH), strict=True):
        assert len(page.pixels) < 100_000
        assert page.image().tobytes() == original.image.tobytes()
        assert (page.text, page.hold_s) == (original.text, original.hold_s)


async def test_what_was_drawn_ahead_is_there_at_once() -> None:
    drawings = Drawings(SEVEN_INCH)
    assert drawings.kept(ThanksScreen()) is None
    await drawings.keep([ThanksScreen()])
    assert drawings.kept(ThanksScreen()) == await drawings.begin(ThanksScreen())
