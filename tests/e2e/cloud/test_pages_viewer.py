"""The viewer's page in real Chromium, against a scripted cloud."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from likelight.contract import (
    CatalogueNote,
    LampLit,
    Moment,
    NoteState,
    State,
    SummaryLikes,
    SummaryMoment,
)
from support.chromium import needs_chromium
from support.pages import DESKTOP, PHONE, Theme, ViewerPage, chromium_page, photograph
from support.serving import serving
from support.stub_cloud import StubCloud, too_many

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

BEFORE = 1204
PRIVATE = "The crew is taking a private moment. Your likes still reach them."


TELL_WHEN_WATCHED = """
    window.watched = [];
    const plain = window.fetch;
    window.fetch = (url, options) => {
        if (String(url).endsWith("/watching")) watched.push(Date.now());
        return plain(url, options);
    };
"""
"""A script that writes down, by the page's clock, when the page tells the cloud of a view."""


@pytest_asyncio.fixture(loop_scope="module")
async def cloud() -> StubCloud:
    return StubCloud()


@pytest_asyncio.fixture(loop_scope="module")
async def address(cloud: StubCloud) -> AsyncIterator[str]:
    async with serving(cloud.routes()) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, address: str) -> AsyncIterator[Page]:
    async with chromium_page(browser, f"{address}/k/demo") as opened:
        await ViewerPage(opened).counts(BEFORE)
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def viewer(page: Page) -> ViewerPage:
    return ViewerPage(page)


async def player(page: Page, call: str) -> None:
    """Let the stream's player call back: `call` is such as `onState("live")`."""
    await page.wait_for_function("() => window.player")
    await page.evaluate(f"player.options.{call}")


COOLING = """() => document.getAnimations()
  .filter(({effect}) => effect.pseudoElement === "::after")
  .map(({effect}) => [effect.target.dataset.code, effect.getTiming().duration])"""


async def test_a_first_tap_goes_at_once_and_the_next_ones_fold_into_one_request_a_second(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    await viewer.like.click()
    await cloud.until(lambda: len(cloud.likes) == 1)
    await viewer.tap(24)
    await cloud.until(lambda: len(cloud.likes) == 3)

    assert [batch["n"] for batch in cloud.likes] == [1, 20, 4]
    assert len({batch["batch"] for batch in cloud.likes}) == 3
    await viewer.counts(BEFORE + 25)
    await expect(viewer.total).to_have_text("1,229")


async def test_a_like_whose_answer_got_lost_keeps_its_batch(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    cloud.reachable = False
    await viewer.like.click()
    await viewer.receives("Not sent yet. Trying again.")
    cloud.reachable = True
    await viewer.receives("Sent")
    assert {batch["batch"] for batch in cloud.likes} == {cloud.likes[0]["batch"]}
    assert {batch["n"] for batch in cloud.likes} == {1}


@pytest.mark.parametrize(("dice", "every_s"), [(0, 10), (0.5, 12.5), (1 - 1e-9, 15)])
async def test_a_page_says_that_it_is_watched_on_load_and_every_ten_to_fifteen_seconds(
    page: Page, dice: float, every_s: float
) -> None:
    await page.add_init_script(f"Math.random = () => {dice};" + TELL_WHEN_WATCHED)
    await page.clock.install()
    await page.reload()
    await page.wait_for_function("() => watched.length === 1")
    # The page's own two minutes: nothing of them is waited for.
    await page.clock.run_for(120_000)
    at = await page.evaluate("watched")
    pauses = [(after - before) / 1000 for before, after in pairwise(at)]
    assert len(pauses) >= 7
    # That clock also goes on by itself, so a timer may be late by what the machine was busy for.
    assert all(every_s <= pause + 1e-3 and pause < every_s + 0.5 for pause in pauses)


async def test_over_the_limit_the_page_says_so_and_waits(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    cloud.like_answers.append(too_many(retry_after=4))
    await viewer.like.click()
    await viewer.receives("The lamp is glowing already. One moment.")
    await viewer.receives("Sent")
    assert len(cloud.likes) == 2


async def test_the_lamp_lit_only_once_the_device_has_said_so(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    at = datetime(2026, 11, 21, 11, 3, 7, tzinfo=UTC)
    await viewer.like.click()
    await viewer.receives("Sent")
    cloud.tell(likes=SummaryLikes(total=5000), lamp=LampLit(lit_total=BEFORE, last_lit_at=at))
    await viewer.counts(5000)
    await expect(viewer.receipt).to_have_text(re.compile(r"^\s*Sent\s*$"))

    cloud.light(BEFORE + 1, at)
    await viewer.receives("Your like lit the lamp at 12:03:07")


async def test_a_receipt_that_a_mute_stream_keeps_back_is_asked_for_after_five_seconds(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    await viewer.page.clock.install()
    await viewer.page.reload()
    await viewer.counts(BEFORE)
    cloud.mute = True
    await viewer.like.click()
    await viewer.receives("Sent")
    cloud.light(BEFORE + 1, datetime.now(UTC))
    await viewer.page.clock.run_for(4_000)
    await expect(viewer.receipt).not_to_contain_text("lit")
    await viewer.page.clock.run_for(2_000)
    await viewer.receives(re.compile("Your like lit the lamp"))


async def test_a_stream_that_is_silent_for_45_seconds_is_given_up(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    await viewer.page.clock.install()
    await viewer.page.reload()
    # The page has this from its stream, which is open then; what came before stood in the HTML.
    cloud.tell(likes=SummaryLikes(total=BEFORE + 1))
    await viewer.counts(BEFORE + 1)
    cloud.mute = True
    cloud.tell(likes=SummaryLikes(total=7000))
    await viewer.page.clock.run_for(40_000)
    await viewer.counts(BEFORE + 1)
    await viewer.page.clock.run_for(6_000)
    await viewer.counts(7000)
    # Before it follows a stream again it asks, every 2 s.
    cloud.tell(likes=SummaryLikes(total=7001))
    await viewer.counts(7001)


async def test_a_lamp_that_lit_for_others_is_not_a_receipt_of_ours(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    cloud.tell(
        likes=SummaryLikes(total=BEFORE + 9),
        lamp=LampLit(lit_total=BEFORE + 9, last_lit_at=datetime.now(UTC)),
    )
    await viewer.counts(BEFORE + 9)
    await expect(viewer.receipt).not_to_contain_text("lit")


async def test_a_note_is_sent_then_on_the_screen_and_the_crew_is_named_only_once_it_thanked(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    await viewer.note("heroes").click()
    await viewer.receives("Sent: You are heroes")
    cloud.tell(likes=SummaryLikes(total=2000))
    await viewer.counts(2000)
    await expect(viewer.receipt).not_to_contain_text("crew")

    cloud.note_shown()
    await viewer.receives("Your note is on the kitchen's screen")
    cloud.thank()
    await viewer.receives("The crew says thanks")
    assert [code for code, _ in cloud.notes] == ["heroes"]


async def test_a_thanks_that_a_restored_cloud_says_again_is_not_a_new_one(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    await viewer.counts(BEFORE)
    cloud.thank()
    await viewer.receives("The crew says thanks")
    thanks = cloud.summary.thanks
    cloud.note_state = NoteState.QUEUED
    await viewer.note("hello").click()
    await viewer.receives("Sent: Hello from far away")
    for said in (None, thanks):
        total = cloud.summary.likes.total + 1
        cloud.tell(thanks=said, likes=SummaryLikes(total=total))
        await viewer.counts(total)
    await viewer.receives("Sent: Hello from far away")
    cloud.thank()
    await viewer.receives("The crew says thanks")


async def test_a_moment_is_asked_about_until_it_is_over(
    cloud: StubCloud, viewer: ViewerPage, page: Page
) -> None:
    hint, now = page.locator("#hint"), datetime.now(UTC)
    await viewer.like.click()
    await expect(hint).to_be_hidden()
    cloud.tell(moment=SummaryMoment(kind=Moment.RUSH, until=now + timedelta(minutes=3)))
    await expect(hint).to_have_text(
        "The kitchen is very busy just now. A heart helps the crew along."
    )
    # The page does not wait for the cloud, which it may have lost meanwhile.
    cloud.tell(moment=SummaryMoment(kind=Moment.IN_OVEN, until=now))
    await expect(hint).to_have_text("Tap the heart, and a lamp lights in the kitchen.")


async def test_a_link_to_a_moment_is_gone_from_the_address_at_once(
    page: Page, address: str
) -> None:
    await page.goto(f"{address}/k/demo?moment=till.in_oven.1795262400.{'0' * 64}&lang=de")
    await expect(page).to_have_url(f"{address}/k/demo?lang=de")
    length = await page.evaluate("history.length")
    await page.reload()
    assert await page.evaluate("history.length") == length
    assert "moment=" not in await page.evaluate("location.href")


async def test_a_note_that_the_cloud_has_lost_is_called_so(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    await viewer.note("heroes").click()
    await viewer.receives("Sent: You are heroes")
    cloud.lose_the_note()
    await viewer.receives("Your note was lost on its way. Please send it again.")


async def test_a_note_whose_answer_got_lost_is_sent_with_the_same_key(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    cloud.reachable = False
    await viewer.note("hello").click()
    await viewer.receives("Your note is not sent yet. Trying again.")
    cloud.reachable = True
    await viewer.receives("Sent: Hello from far away")
    assert set(cloud.notes) == {cloud.notes[0]}


async def test_a_note_that_was_shown_before_its_answer_came_is_reported_as_shown(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    cloud.reachable = False
    await viewer.note("hello").click()
    await viewer.receives("Your note is not sent yet. Trying again.")
    cloud.note_shown()
    cloud.tell(likes=SummaryLikes(total=2000))
    await viewer.counts(2000)
    cloud.reachable = True
    await viewer.receives("Your note is on the kitchen's screen")


async def test_notes_that_change_while_a_page_is_open_come_into_it(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    page, chips = viewer.page, viewer.page.locator("#notes .chip")
    new = CatalogueNote(code="mother", text="Like my mother's", icon="house", group="food")
    kept = cloud.catalogue.notes[1:]
    await viewer.note("thank_you").focus()
    before = cloud.catalogue
    cloud.catalogue = before.model_copy(update={"version": "2", "notes": (*kept, new)})
    cloud.tell(catalogue=64 * "a")
    await expect(viewer.note("mother")).to_have_text("Like my mother's")
    await expect(viewer.note("heroes")).to_have_count(0)
    await expect(chips).to_have_count(6)
    await expect(viewer.note("thank_you")).to_be_focused()
    await viewer.note("mother").click()
    await cloud.until(lambda: [code for code, _ in cloud.notes] == ["mother"])
    # One that the kitchen no longer shows, before the page has heard of it.
    cloud.note_answers.append(lambda _: web.Response(status=422))
    cloud.catalogue = before
    await viewer.note("mother").click()
    await expect(page.locator("#receipt")).to_contain_text("Choose another one")
    await expect(viewer.note("heroes")).to_have_count(1)
    await expect(viewer.note("mother")).to_have_count(0)


async def test_a_note_too_soon_says_when_the_next_may_go(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    cloud.note_answers.append(too_many(retry_after=14))
    await viewer.note("hello").click()
    await viewer.receives(re.compile(r"One note at a time\. You can send the next in 1?\d s\."))
    assert await viewer.page.evaluate(COOLING) == [["hello", 14_000]]
    await viewer.note("heroes").click()
    await viewer.receives("Sent: You are heroes")
    assert await viewer.page.evaluate(COOLING) == [["heroes", 20_000]], (
        "drawn before one taps again"
    )
    await expect(viewer.page.locator("#said")).not_to_contain_text("next")


async def test_the_limit_goes_away_and_what_was_known_stands_there_again(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    await viewer.note("hello").click()
    await viewer.receives("Sent: Hello from far away")
    full = "urn:likelight:problem:full"
    cloud.note_answers.append(too_many(retry_after=2, type=full))
    await viewer.note("hello").click()
    await viewer.receives(
        re.compile(r"Many notes wait for the crew already\. Try again in [12] s\.")
    )
    await viewer.receives("Sent: Hello from far away")
    cloud.note_answers.append(too_many(retry_after=3))
    await viewer.note("hello").click()
    await viewer.receives(re.compile(r"One note at a time\. You can send the next in [123] s\."))
    await viewer.receives("Sent: Hello from far away")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.LIVE, "Live from the kitchen"),
        (State.IDLE, "Waking the camera…"),
        (State.INTERRUPTED, "The kitchen's line is interrupted. Trying again."),
        (State.PRIVATE, PRIVATE),
        (State.FAULT, "The camera is having trouble. The lamp still works."),
        (State.OFF, "The camera is switched off. Your likes still reach the crew."),
        (
            State.OFFLINE,
            "We can't reach the kitchen right now. Your note will wait for it, 12 hours at least.",
        ),
    ],
)
async def test_each_state_has_its_words_and_takes_likes(
    cloud: StubCloud, viewer: ViewerPage, state: State, words: str
) -> None:
    cloud.tell(state=state)
    await viewer.says(words)
    await viewer.like.click()
    await viewer.receives("Sent")


async def test_a_camera_that_wakes_for_more_than_ten_seconds_is_said_to(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    long = "The camera takes longer than usual to wake. Still trying."
    page = viewer.page
    await page.clock.install()
    await page.reload()
    cloud.tell(state=State.IDLE)
    await viewer.says("Waking the camera…")
    await page.clock.run_for(8_000)
    await viewer.says("Waking the camera…")
    await page.clock.run_for(4_000)
    await viewer.says(long)
    cloud.tell(state=State.LIVE)
    await viewer.says("Live from the kitchen")
    cloud.tell(state=State.IDLE)
    await viewer.says("Waking the camera…")


async def test_an_interrupted_line_is_said_at_once_and_covers_the_last_picture(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    page = viewer.page
    await player(page, "onConnection({kind: 'connected'})")
    await player(page, "onState('live')")
    await player(page, "onPicture()")
    await player(page, "onState('interrupted')")
    await viewer.says("The kitchen's line is interrupted. Trying again.")
    await expect(page.locator("#cover")).to_be_visible()
    cloud.tell(state=State.INTERRUPTED)
    await player(page, "onState('live')")
    await viewer.says("Live from the kitchen")


async def test_a_closed_kitchen_says_when_it_opens(cloud: StubCloud, viewer: ViewerPage) -> None:
    opens = datetime.now(UTC).replace(hour=10, minute=0) + timedelta(days=2)
    cloud.tell(state=State.CLOSED, opens_at=opens)
    await expect(viewer.state).to_have_text(
        re.compile(
            rf"^\s*The kitchen opens again on {opens:%A} at 1[12]:00\."
            r" Your note waits for the crew until then\.\s*$"
        )
    )


async def test_a_closed_kitchen_promises_no_light_and_where_no_opening_is_known_no_reading(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    hint = viewer.page.get_by_text("Tap the heart, and a lamp lights in the kitchen.")
    await expect(hint).to_be_visible()
    cloud.tell(state=State.CLOSED)
    await viewer.says("The kitchen is closed.")
    await expect(hint).to_be_hidden()
    cloud.note_state = NoteState.HELD
    await viewer.note("heroes").click()
    await viewer.receives("Your note waits for the crew")
    cloud.note_shown()
    await viewer.receives("Your note is on the kitchen's screen")


async def test_the_streams_socket_tells_before_the_summary_and_a_late_summary_changes_nothing(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    page = viewer.page
    await player(page, "onConnection({kind: 'connected'})")
    await player(page, "onState('private')")
    await viewer.says(PRIVATE)
    long_ago = datetime.now(UTC) - timedelta(seconds=30)
    await player(page, "onState('live')")
    cloud.tell(state=State.PRIVATE, since=long_ago, likes=SummaryLikes(total=3000))
    await viewer.counts(3000)
    await viewer.says("Live from the kitchen")

    await player(page, "onConnection({kind: 'lost', retryIn: 3})")
    await viewer.says(PRIVATE)


async def test_without_the_stream_a_live_kitchen_is_not_called_live(viewer: ViewerPage) -> None:
    await viewer.says("Live from the kitchen")
    await player(viewer.page, "onConnection({kind: 'lost', retryIn: 60})")
    await expect(viewer.state).to_have_text(
        re.compile(r"^\s*We lost the connection. Trying again in \d+ s\.\s*$")
    )


async def test_a_late_picture_has_its_reason_in_it_and_moves_nothing(viewer: ViewerPage) -> None:
    await viewer.says("Live from the kitchen")
    await player(viewer.page, "onConnection({kind: 'slow', retryIn: 60})")
    await viewer.says("Your connection or device is slow")
    await viewer.shows_a_picture()
    await viewer.says("Live from the kitchen")
    delay = viewer.page.locator("#delay")
    notes = await viewer.page.locator("form.notes").bounding_box()
    await player(viewer.page, "onDelay(3.21, true)")
    await expect(delay).to_have_text("3.2 s behind · Your connection or device is slow")
    await player(viewer.page, "onRendition('slide')")
    await player(viewer.page, "onDelay(1.21, false)")
    await expect(delay).to_have_text(
        "1.2 s behind · A few small pictures a second, so that they keep up"
    )
    await expect(delay).to_be_visible()
    assert await viewer.page.locator("form.notes").bounding_box() == notes
    await player(viewer.page, "onRendition('main')")
    await player(viewer.page, "onDelay(3.21, false)")
    await expect(delay).to_have_text("3.2 s behind")


async def test_a_picture_that_is_not_live_is_covered(cloud: StubCloud, viewer: ViewerPage) -> None:
    cover = viewer.page.locator("#cover")
    await expect(cover).to_be_visible()
    await player(viewer.page, "onConnection({kind: 'connected'})")
    await player(viewer.page, "onState('live')")
    await player(viewer.page, "onPicture()")
    await expect(cover).to_be_hidden()
    cloud.tell(state=State.PRIVATE)
    await expect(cover).to_be_visible()


async def test_a_tab_out_of_sight_keeps_no_open_window(viewer: ViewerPage) -> None:
    await player(viewer.page, "onConnection({kind: 'connected'})")
    await player(viewer.page, "onState('live')")
    await player(viewer.page, "onPicture()")
    window = viewer.page.locator("#kitchen[data-open]")
    await expect(window).to_have_count(1)
    await viewer.page.evaluate("""() => {
      Object.defineProperty(document, "hidden", {value: true, configurable: true});
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    await expect(window).to_have_count(0)
    await expect(viewer.page.locator("#cover")).to_be_visible()
    await expect(viewer.state).not_to_contain_text("lost")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_between_two_pictures_the_window_is_dark(
    browser: Browser, address: str, theme: Theme
) -> None:
    async with chromium_page(browser, f"{address}/k/demo", theme=theme) as page:
        for place in (".window", "#cover"):
            shade = await page.locator(place).evaluate(
                "(element) => getComputedStyle(element).backgroundColor"
            )
            assert max(map(int, re.findall(r"\d+", shade)[:3])) < 96, shade
        await photograph(page, f"window-{theme}")


async def test_the_page_tells_how_old_a_picture_is_that_is_older_than_three_seconds(
    viewer: ViewerPage,
) -> None:
    delay = viewer.page.locator("#delay")
    await player(viewer.page, "onConnection({kind: 'connected'})")
    await player(viewer.page, "onState('live')")
    await player(viewer.page, "onPicture()")
    await player(viewer.page, "onDelay(2.9)")
    await expect(delay).to_be_hidden()
    for seconds, words in ((3.04, "3.0"), (3.23, "3.2"), (9.96, "10"), (12.4, "12")):
        await player(viewer.page, f"onDelay({seconds})")
        await expect(delay).to_have_text(f"{words} s behind")
    await player(viewer.page, "onState('private')")
    await expect(delay).to_be_hidden()
    await player(viewer.page, "onState('live')")
    await expect(delay).to_be_visible()
    await player(viewer.page, "onDelay(null)")
    await expect(delay).to_be_hidden()


async def test_privacy_is_reported_by_the_stream_while_the_cloud_is_away(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    await player(viewer.page, "onConnection({kind: 'connected'})")
    cloud.vanish()
    await expect(viewer.state).to_contain_text("We lost the connection")
    await player(viewer.page, "onState('private')")
    await viewer.says(PRIVATE)


async def test_a_lost_cloud_is_counted_down_and_found_again(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    cloud.vanish()
    await expect(viewer.state).to_have_text(
        re.compile(r"^\s*We lost the connection. Trying again in \d+ s\.\s*$")
    )
    cloud.come_back()
    await viewer.says("Live from the kitchen")


async def test_without_event_streams_the_page_asks_again_and_again(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    cloud.end_streams()
    cloud.tell(likes=SummaryLikes(total=7000))
    await viewer.counts(7000)
    cloud.tell(likes=SummaryLikes(total=7001))
    await viewer.counts(7001)


async def test_a_page_opened_in_the_background_watches_only_once_it_is_seen(
    cloud: StubCloud, browser: Browser, address: str
) -> None:
    async with chromium_page(browser, "about:blank") as page:
        await page.add_init_script(
            'Object.defineProperty(document, "hidden", {value: true, configurable: true})'
        )
        await page.goto(f"{address}/k/demo")
        await expect(ViewerPage(page).note("hello")).to_be_visible()
        assert not cloud.views
        await page.evaluate("""() => {
          Object.defineProperty(document, "hidden", {value: false});
          document.dispatchEvent(new Event("visibilitychange"));
        }""")
        await cloud.until(lambda: len(cloud.views) == 1)
        await ViewerPage(page).counts(BEFORE)


async def test_a_hidden_page_watches_while_its_picture_is_seen_beside_it(
    cloud: StubCloud, browser: Browser, address: str
) -> None:
    async with chromium_page(browser, "about:blank") as page:
        await page.clock.install()
        await page.goto(f"{address}/k/demo")
        await page.wait_for_function("window.player")
        await cloud.until(lambda: len(cloud.views) == 1)
        await page.evaluate("""() => {
          window.unseen = player.options.onUnseen;
          player.options.onUnseen = () => {};
          Object.defineProperty(document, "hidden", {value: true, configurable: true});
          document.dispatchEvent(new Event("visibilitychange"));
        }""")
        await page.clock.run_for(15_000)
        await cloud.until(lambda: len(cloud.views) == 2)
        await page.evaluate("unseen()")
        told = len(cloud.views)
        await page.clock.run_for(60_000)
        await page.evaluate("fetch('/v1/kitchens/demo')")
        assert len(cloud.views) == told


async def test_a_kitchen_that_was_removed_is_called_so(browser: Browser, address: str) -> None:
    async with chromium_page(browser, f"{address}/k/removed") as page:
        await ViewerPage(page).says("There is no kitchen at this address.")


async def test_only_a_simulated_kitchen_wears_the_badge(
    cloud: StubCloud, viewer: ViewerPage
) -> None:
    await expect(viewer.badge).to_have_text("SIMULATED: no real kitchen")
    cloud.tell(simulated=False)
    await expect(viewer.badge).to_be_hidden()


async def test_notes_follow_the_catalogues_direction(browser: Browser, cloud: StubCloud) -> None:
    cloud.catalogue = cloud.catalogue.model_copy(update={"lang": "ar", "dir": "rtl"})
    async with (
        serving(cloud.routes()) as address,
        chromium_page(browser, f"{address}/k/demo") as page,
    ):
        await expect(page.locator("#notes[dir=rtl][lang=ar] button")).to_have_count(6)


async def test_the_page_asks_nobody_else_and_keeps_nothing(
    browser: Browser, cloud: StubCloud, address: str
) -> None:
    async with chromium_page(browser, "about:blank") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        reply = await page.goto(f"{address}/k/demo")
        viewer = ViewerPage(page)
        await viewer.like.click()
        await viewer.receives("Sent")
        await cloud.until(lambda: len(cloud.views) == 1)

        assert reply is not None
        assert "default-src 'self'" in reply.headers["content-security-policy"]
        assert {url for url in asked if not url.startswith(f"{address}/")} == set()
        assert await page.context.cookies() == []
        stored: Any = await page.evaluate("localStorage.length + sessionStorage.length")
        assert stored == 0


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_every_target_is_48_pixels_and_nothing_scrolls_sideways(
    browser: Browser, address: str, viewport: Any
) -> None:
    async with chromium_page(browser, f"{address}/k/demo", viewport=viewport) as page:
        await expect(page.locator("#notes button")).to_have_count(6)
        sizes: Any = await page.evaluate(
            "Array.from(document.querySelectorAll('button, a')).filter((b) => b.checkVisibility())"
            ".map((b) => b.getBoundingClientRect()).map((box) => Math.min(box.width, box.height))"
        )
        assert min(sizes) >= 48
        width: Any = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"]
        heart = await page.locator("#like").bounding_box()
        assert heart is not None
        assert heart["y"] + heart["height"] <= viewport["height"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_photographs_for_the_eye(
    browser: Browser, cloud: StubCloud, address: str, theme: Theme, viewport: Any
) -> None:
    kind = "phone" if viewport == PHONE else "desktop"
    url = f"{address}/k/demo"
    async with chromium_page(browser, url, viewport=viewport, theme=theme, calm=True) as page:
        viewer = ViewerPage(page)
        await player(page, "onConnection({kind: 'connected'})")
        await player(page, "onState('live')")
        await player(page, "onPicture()")
        await viewer.like.click()
        await viewer.note("heroes").click()
        await viewer.receives("Sent: You are heroes")
        cloud.light(cloud.summary.likes.total, datetime.now(UTC))
        await viewer.receives("Your like lit the lamp")
        await photograph(page, f"page-{kind}-{theme}")
        await player(page, "onState('private')")
        await viewer.says(PRIVATE)
        await photograph(page, f"page-{kind}-{theme}-private")
