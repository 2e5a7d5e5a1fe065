"""Where things stand on the viewer's page: on phones, on desktops, at any zoom, for keyboards."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from likelight.assets import catalogue
from likelight.contract import State, SummaryLikes, Weekday, WeekHours
from support.chromium import needs_chromium
from support.pages import PHONE, ViewerPage, chromium_page
from support.serving import serving
from support.stub_cloud import StubCloud

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

UPRIGHT = [(320, 640), (360, 740), (390, 844), (768, 1024)]
ON_ITS_SIDE = [(568, 320), (667, 375), (844, 390), (640, 400)]
DESKTOPS = [(1024, 768), (1280, 800), (1920, 1080), (2560, 1440)]
AT_400_PERCENT = (320, 256)

BOXES = """() => Object.fromEntries(
  ['.window', '#like', '#state', '.hand', '.chips:last-of-type .chip:last-child'].map((place) => {
    const {left, top, right, bottom, width, height} =
        document.querySelector(place).getBoundingClientRect();
    return [place, {left, top, right, bottom, width, height}];
  }))"""

OPEN_AND_GO_TO_THE_LAST_NOTE = """() => {
  document.querySelector("#notes details").open = true;
  const notes = document.querySelectorAll(".chip");
  notes[notes.length - 1].scrollIntoView({block: "nearest"});
}"""

COVERED = """() => {
  const targets = "a[href], button, summary, select";
  const covered = [];
  for (const target of document.querySelectorAll(targets)) {
    if (!target.checkVisibility()) continue;
    target.focus();
    if (document.activeElement !== target) covered.push(["no focus", target.outerHTML]);
    const {left, top, right, bottom} = target.getBoundingClientRect();
    const places = [[(left + right) / 2, (top + bottom) / 2]];
    for (const y of [top + 6, bottom - 6]) places.push([(left + right) / 2, y]);
    for (const [x, y] of places) {
      const seen = document.elementFromPoint(x, y);
      if (!seen || !(target.contains(seen) || seen.closest(targets) === target))
        covered.push([target.textContent.trim() || target.id, x, y, seen && seen.className]);
    }
  }
  return covered;
}"""
"""Focus one target after the other; return those of which a part is behind something then."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """One page for all sizes: nothing here depends on what was done before."""
    cloud = StubCloud()
    cloud.catalogue = catalogue.load("en")
    async with (
        serving(cloud.routes()) as url,
        chromium_page(browser, f"{url}/k/demo", calm=True) as opened,
    ):
        await ViewerPage(opened).shows_a_picture()
        yield opened


async def at(page: Page, size: tuple[int, int]) -> None:
    """Give the page another size, and begin at its top."""
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.evaluate("document.querySelector('#notes details').open = false; scrollTo(0, 0)")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size


@pytest.mark.parametrize("size", UPRIGHT)
async def test_upright_the_picture_stays_and_the_heart_is_under_the_thumb(
    page: Page, size: tuple[int, int]
) -> None:
    await at(page, size)
    width, height = size
    for go in ("() => {}", OPEN_AND_GO_TO_THE_LAST_NOTE, "() => scrollTo(0, 1e6)"):
        await page.evaluate(go)
        boxes: Any = await page.evaluate(BOXES)
        window, heart = boxes[".window"], boxes["#like"]
        assert (window["left"], window["top"], window["width"]) == (0, 0, width)
        assert window["bottom"] <= 0.45 * height
        assert heart["top"] >= height * 2 / 3
        assert heart["bottom"] <= height
        assert abs((heart["left"] + heart["right"]) / 2 - width / 2) <= 1
    await page.evaluate(OPEN_AND_GO_TO_THE_LAST_NOTE)
    note = page.locator(".chip").last
    await expect(note).to_be_in_viewport(ratio=1)
    assert await page.locator(".chip:visible").count() == 26


async def test_six_notes_stand_in_two_columns_from_320_pixels_on(page: Page) -> None:
    await at(page, (320, 640))
    lefts: Any = await page.evaluate(
        "Array.from(document.querySelectorAll('.chip'), (c) => c.getBoundingClientRect().left)"
        ".slice(0, 6)"
    )
    assert len(set(lefts)) == 2
    await expect(page.locator(".chip:visible")).to_have_count(6)
    headings = page.locator("h3")
    await page.locator("#notes summary").click()
    assert await headings.all_inner_texts() == ["Thanks", "The food", "The crew", "Greetings"]


@pytest.mark.parametrize("size", ON_ITS_SIDE)
async def test_on_its_side_the_picture_stays_beside_what_scrolls(
    page: Page, size: tuple[int, int]
) -> None:
    await at(page, size)
    width, height = size
    for go in ("() => {}", OPEN_AND_GO_TO_THE_LAST_NOTE):
        await page.evaluate(go)
        boxes: Any = await page.evaluate(BOXES)
        window, heart = boxes[".window"], boxes["#like"]
        assert window["top"] == 0
        assert window["bottom"] <= height
        assert window["width"] >= 0.5 * width
        assert heart["left"] >= window["right"]
        assert heart["bottom"] <= height
    await expect(page.locator(".chip").last).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("size", DESKTOPS)
async def test_a_desktop_gives_the_picture_the_room_and_needs_no_scrolling(
    page: Page, size: tuple[int, int]
) -> None:
    await at(page, size)
    width, height = size
    boxes: Any = await page.evaluate(BOXES)
    window, heart = boxes[".window"], boxes["#like"]
    assert window["width"] >= (0.6 if width > 1024 else 0.55) * width
    assert heart["left"] >= window["right"]
    assert heart["top"] < window["bottom"]
    assert boxes["#state"]["top"] >= window["bottom"]
    await page.evaluate("document.querySelector('#notes details').open = true")
    assert await page.evaluate("document.documentElement.scrollHeight") <= height
    footer = await page.locator("footer").bounding_box()
    assert footer is not None
    assert footer["y"] >= boxes["#state"]["bottom"]
    assert footer["y"] + footer["height"] <= height


async def test_at_400_percent_nothing_is_sticky_and_all_can_be_read(page: Page) -> None:
    await at(page, AT_400_PERCENT)
    boxes: Any = await page.evaluate(BOXES)
    assert boxes[".window"]["width"] == 320
    assert boxes[".hand"]["top"] >= boxes[".window"]["bottom"]
    await page.evaluate("scrollTo(0, 1e6)")
    assert (await page.evaluate(BOXES))["#like"]["bottom"] < 0


@pytest.mark.parametrize(
    "size", [(320, 640), (390, 844), (667, 375), (1280, 800), (1920, 1080), AT_400_PERCENT]
)
async def test_focus_is_never_behind_what_is_sticky(page: Page, size: tuple[int, int]) -> None:
    await at(page, size)
    assert await page.evaluate(COVERED) == []
    await page.evaluate("document.querySelector('#notes details').open = true; scrollTo(0, 1e6)")
    assert await page.evaluate(COVERED) == []


async def test_the_heart_is_among_the_first_five_tab_stops(page: Page) -> None:
    await at(page, (1280, 800))
    await page.evaluate("document.body.tabIndex = -1; document.body.focus()")
    stops = []
    for _ in range(5):
        await page.keyboard.press("Tab")
        stops.append(await page.evaluate("document.activeElement.id"))
    assert "like" in stops


async def test_with_letters_of_double_size_notes_and_heart_can_be_seen(page: Page) -> None:
    await at(page, (390, 844))
    session = await page.context.new_cdp_session(page)
    try:
        await session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
        await page.wait_for_function("parseFloat(getComputedStyle(document.body).fontSize) === 34")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await expect(page.locator("#like")).to_be_in_viewport(ratio=1)
        assert await page.evaluate(COVERED) == []
        await page.locator(".chip").nth(1).scroll_into_view_if_needed()
        await expect(page.locator(".window")).to_be_in_viewport(ratio=1)
        hand: Any = (await page.evaluate(BOXES))[".hand"]
        assert min(hand["bottom"], 844) - max(hand["top"], 0) < 844 / 3
        await page.set_viewport_size({"width": 320, "height": 640})
        assert await page.evaluate("document.documentElement.scrollWidth") == 320
    finally:
        await session.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})


UNSEEN_WITHOUT_COLOURS = """() => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = "Canvas";
  const canvas = getComputedStyle(probe).color;
  probe.remove();
  return ["#like", "#whole", ".chip", "#notes summary", "select", "#badge"].filter((place) => {
    const style = getComputedStyle(document.querySelector(place));
    const edge = parseFloat(style.borderTopWidth) >= 1 && style.borderTopStyle === "solid";
    return !edge || style.borderTopColor === canvas || style.color === canvas;
  });
}"""
"""The places without an edge, or whose edge or text has the colour of the page."""


async def test_in_forced_colours_controls_have_edges_and_focus_a_ring(page: Page) -> None:
    await at(page, (390, 844))
    await page.emulate_media(forced_colors="active")
    try:
        assert await page.evaluate("matchMedia('(forced-colors: active)').matches")
        assert await page.evaluate(UNSEEN_WITHOUT_COLOURS) == []
        await page.locator("#like").focus()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Shift+Tab")
        ring: Any = await page.evaluate("""() => {
          const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement);
          return [document.activeElement.id, outlineStyle, parseFloat(outlineWidth)];
        }""")
        assert ring[:2] == ["like", "solid"]
        assert ring[2] >= 2
    finally:
        await page.emulate_media(forced_colors="none")


async def test_a_closed_kitchen_s_first_screen_has_the_heart_and_notes(browser: Browser) -> None:
    cloud = StubCloud()
    cloud.catalogue = catalogue.load("en")
    day = "11:00-14:30, 17:00-22:00"
    hours = WeekHours(zone="Asia/Tokyo", week=dict.fromkeys(get_args(Weekday), day))
    opens = datetime.now(UTC) + timedelta(hours=2)
    likes = SummaryLikes(total=1204, today=84)
    cloud.tell(state=State.CLOSED, opens_at=opens, hours=hours, likes=likes)
    async with (
        serving(cloud.routes()) as url,
        chromium_page(browser, f"{url}/k/demo", calm=True) as page,
    ):
        await at(page, (360, 740))
        await expect(page.locator("#left")).to_contain_text("Opens in")
        for seen in (page.locator("#like"), *(page.locator(".chip").nth(n) for n in range(2))):
            await expect(seen).to_be_in_viewport(ratio=1)
        assert await page.evaluate(COVERED) == []
        await page.locator("#hours summary").click()
        await expect(page.locator("#hours tr")).to_have_count(7)
        await expect(page.get_by_role("link", name="Add to calendar")).to_be_visible()


async def test_from_right_to_left_the_desktop_is_mirrored(browser: Browser) -> None:
    cloud = StubCloud()
    cloud.catalogue = catalogue.load("ar")
    async with (
        serving(cloud.routes()) as url,
        chromium_page(browser, f"{url}/k/demo?lang=ar", viewport=PHONE, calm=True) as page,
    ):
        await at(page, (320, 640))
        assert await page.evaluate(COVERED) == []
        await at(page, (1280, 800))
        boxes: Any = await page.evaluate(BOXES)
        assert boxes["#like"]["right"] <= boxes[".window"]["left"]
