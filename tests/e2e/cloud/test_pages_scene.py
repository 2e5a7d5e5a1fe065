"""The page where there is no picture, and what outlives a reload, in real Chromium."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from likelight.assets.placeholder_words import WORDS as PLACEHOLDERS
from likelight.contract import NoteState, State, SummaryLikes, WeekHours
from likelight_cloud.page.languages import WORDS
from support.chromium import needs_chromium
from support.pages import ViewerPage, chromium_page
from support.serving import serving
from support.stub_cloud import StubCloud

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

FAST_BY_AN_HOUR = """
    const right = Date.now;
    Date.now = () => right() + 3_600_000;
"""
WEEK = {"tuesday": "11:00-14:30, 17:00-02:00", "wednesday": "00:00-24:00"}
DRAWN: dict[State, set[str]] = {
    State.PRIVATE: {"blind"},
    State.OFF: {"blind"},
    State.CLOSED: {"sign"},
    State.FAULT: {"camera"},
    State.INTERRUPTED: {"torn"},
    State.OFFLINE: {"sky"},
    State.IDLE: set(),
}


@pytest_asyncio.fixture(loop_scope="module")
async def cloud() -> StubCloud:
    return StubCloud()


@pytest_asyncio.fixture(loop_scope="module")
async def address(cloud: StubCloud) -> AsyncIterator[str]:
    async with serving(cloud.routes()) as url:
        yield url


async def test_each_state_is_drawn_with_the_words_that_the_stream_would_show(
    browser: Browser, cloud: StubCloud, address: str
) -> None:
    async with chromium_page(browser, f"{address}/k/demo") as page:
        for state, drawn in DRAWN.items():
            cloud.tell(state=state)
            await expect(page.locator("#kitchen")).to_have_attribute("data-state", state)
            for part in set.union(*DRAWN.values()):
                shown = await page.locator(f".scene .{part}").evaluate(
                    "(group) => getComputedStyle(group).display"
                )
                assert (shown != "none") == (part in drawn), (state, part)
            words = "" if state is State.IDLE else PLACEHOLDERS[state]
            await expect(page.locator("#what")).to_have_text(words)
            below = page.locator("#state .what")
            once = state not in (State.IDLE, State.CLOSED)
            await expect(below).to_have_count(int(once))
            if once:
                box = await below.bounding_box()
                assert box is not None
                assert box["width"] <= 1, "the words stand there once"


async def test_the_drawing_covers_a_picture_at_once_when_the_crew_takes_it_off_the_air(
    browser: Browser, address: str
) -> None:
    async with chromium_page(browser, f"{address}/k/demo") as page:
        await ViewerPage(page).shows_a_picture()
        await expect(page.locator("#cover")).to_be_hidden()
        covered = await page.evaluate("""() => {
            player.options.onState("private");
            const {opacity, visibility} = getComputedStyle(document.getElementById("cover"));
            return [opacity, visibility];
        }""")
        assert covered == ["1", "visible"]


async def test_a_closed_kitchen_counts_down_by_the_server_s_clock_and_shows_its_week(
    browser: Browser, cloud: StubCloud, address: str
) -> None:
    opens = datetime.now(UTC) + timedelta(hours=2, minutes=9, seconds=30)
    hours = WeekHours.model_validate({"zone": "Asia/Tokyo", "week": WEEK})
    likes = SummaryLikes(total=1204, today=84)
    cloud.tell(state=State.CLOSED, opens_at=opens, hours=hours, likes=likes)
    async with chromium_page(browser, "about:blank") as page:
        await page.add_init_script(FAST_BY_AN_HOUR)
        await page.goto(f"{address}/k/demo")
        left = page.locator("#left")
        await expect(left).to_have_text(re.compile(r"^Opens in 2\shr\s(10|9)\smin$"))
        viewer = ViewerPage(page)
        await expect(viewer.state).to_have_text(
            re.compile(r"^\s*The kitchen opens again .*\(your time\)\. Your note waits")
        )
        section = page.locator("#hours")
        await expect(section.locator("table")).to_be_hidden()
        await section.locator("summary").click()
        rows = await section.locator("tr").all_inner_texts()
        assert [row.split("\t") for row in rows] == [
            ["Monday", "closed"],
            ["Tuesday", "11:00–14:30, 17:00–02:00"],
            ["Wednesday", "00:00–24:00"],
            *([day, "closed"] for day in ("Thursday", "Friday", "Saturday", "Sunday")),
        ]
        await expect(section.locator("[aria-current=date]")).to_have_count(1)
        await expect(section.locator("#zone")).to_contain_text("Japan Standard Time")
        await expect(section.locator("#today")).to_have_text("Likes today: 84")
        link = section.get_by_role("link", name="Add to calendar")
        await expect(link).to_have_attribute("href", "/k/demo/hours.ics?lang=en")

        nobody = SummaryLikes(total=1204, today=0)
        cloud.tell(hours=WeekHours(zone="Europe/Berlin"), opens_at=None, likes=nobody)
        await expect(section.locator("#today")).to_be_hidden()
        await expect(section.locator("table")).to_be_hidden()
        await expect(link).to_be_hidden()
        await expect(left).to_have_text("")
        cloud.tell(opens_at=datetime.now(UTC) + timedelta(days=3, hours=1))
        await expect(left).to_have_text("Opens in 3 days")
        await expect(viewer.state).not_to_contain_text("your time")
        cloud.tell(opens_at=datetime.now(UTC) - timedelta(seconds=1))
        await expect(left).to_have_text("Opens in a moment")
        cloud.tell(state=State.LIVE, opens_at=None)
        await expect(section).to_be_hidden()


async def test_the_names_of_days_are_those_of_the_browser(browser: Browser, address: str) -> None:
    async with chromium_page(browser, f"{address}/k/demo") as page:
        named = await page.evaluate(
            """(languages) => Object.fromEntries(languages.map((lang) => [lang,
                [2, 3, 4, 5, 6, 7, 8].map((day) => new Date(Date.UTC(2026, 10, day))
                    .toLocaleDateString(lang, {weekday: "long", timeZone: "UTC"})).join(","),
            ]))""",
            list(WORDS),
        )
    assert named == {lang: words["weekdays"] for lang, words in WORDS.items()}


async def test_after_a_reload_this_tab_s_notes_are_followed_further_and_before_one_nothing_is_kept(
    browser: Browser, cloud: StubCloud, address: str
) -> None:
    async with chromium_page(browser, f"{address}/k/demo") as page:
        viewer = ViewerPage(page)
        await viewer.like.click()
        await viewer.receives("Sent")
        assert await page.evaluate("sessionStorage.length") == 0
        await viewer.note("hello").click()
        await viewer.receives("Sent: Hello from far away")
        await page.reload()
        await viewer.receives("Sent: Hello from far away")
        cloud.note_shown()
        await viewer.receives("Your note is on the kitchen's screen")
        cloud.note_state = NoteState.THANKED
        await page.reload()
        await viewer.receives("The crew says thanks")
    async with chromium_page(browser, f"{address}/k/demo") as other:
        await ViewerPage(other).counts(1205)
        await expect(other.locator("#receipt")).to_have_text(re.compile(r"^\s*$"))


async def test_a_page_that_is_left_says_so(
    browser: Browser, cloud: StubCloud, address: str
) -> None:
    async with chromium_page(browser, f"{address}/k/demo") as page:
        await cloud.until(lambda: len(cloud.views) == 1)
        await page.goto("about:blank")
        await cloud.until(lambda: cloud.ended == cloud.views)
