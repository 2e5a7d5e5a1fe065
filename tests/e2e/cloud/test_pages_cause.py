"""Cause and effect on the viewer's page: what moves and lights up, and only when it is true."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from likelight.contract import SummaryLikes
from support.chromium import needs_chromium
from support.pages import ViewerPage, chromium_page
from support.serving import serving
from support.stub_cloud import StubCloud, too_many

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

BEFORE = 1204

WATCHED = """
  window.flown = [];
  window.buzzed = [];
  window.lit = [];
  window.aims = [];
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (frames, timing) {
    if (this.closest("#flights")) aims.push(new DOMMatrix(frames.at(-1).transform).f);
    return animate.call(this, frames, timing);
  };
  navigator.vibrate = (ms) => buzzed.push(ms);
  addEventListener("DOMContentLoaded", () => {
    new MutationObserver((changes) => {
      for (const {addedNodes} of changes)
        for (const heart of addedNodes) flown.push(heart.classList[1]);
    }).observe(document.getElementById("flights"), {childList: true});
    new MutationObserver(() => lit.push(performance.now()))
        .observe(document.getElementById("kitchen"), {attributeFilter: ["data-lit"]});
  });
"""
"""A script that writes down which hearts moved, "ours" or "other", and how far down, what vibrated,
and when the rim of glow came and went."""


@pytest_asyncio.fixture(loop_scope="module")
async def cloud() -> StubCloud:
    return StubCloud()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, cloud: StubCloud) -> AsyncIterator[Page]:
    async with (
        serving(cloud.routes()) as url,
        chromium_page(browser, "about:blank") as opened,
    ):
        await opened.add_init_script(WATCHED)
        await opened.goto(f"{url}/k/demo")
        await ViewerPage(opened).shows_a_picture()
        yield opened


async def flown(page: Page, whose: str) -> int:
    count: int = await page.evaluate("(whose) => flown.filter((w) => w === whose).length", whose)
    return count


async def test_a_heart_flies_to_the_picture_once_the_like_is_accepted_and_not_before(
    cloud: StubCloud, page: Page
) -> None:
    viewer = ViewerPage(page)
    cloud.like_answers.append(too_many(retry_after=2))
    await viewer.tap()
    await viewer.receives("The lamp is glowing already")
    assert await page.evaluate("flown") == []
    await viewer.receives("Sent")
    assert len(cloud.likes) == 2
    assert await flown(page, "ours") == 1
    window = await page.locator(".window").bounding_box()
    assert window is not None
    (top,) = await page.evaluate("aims")
    assert top < window["y"] + window["height"] <= top + 40
    await viewer.tap(3)
    await viewer.counts(BEFORE + 4)
    assert await flown(page, "ours") == 4
    assert await flown(page, "other") == 0


async def test_hearts_of_others_rise_by_what_the_total_grew_without_ours(
    cloud: StubCloud, page: Page
) -> None:
    viewer = ViewerPage(page)
    cloud.tell(likes=SummaryLikes(total=BEFORE + 2))
    await viewer.counts(BEFORE + 2)
    assert (await flown(page, "other"), await flown(page, "ours")) == (2, 0)
    cloud.tell(likes=SummaryLikes(total=BEFORE + 500))
    await viewer.counts(BEFORE + 500)
    assert await flown(page, "other") == 8

    # The summary counts our like before our request is answered: nobody can tell whose it is.
    answered = asyncio.Event()

    def late(request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"accepted": 1, "total": BEFORE + 502, "retry_after_ms": 0}, status=202
        )

    cloud.hold_likes = answered
    cloud.like_answers.append(late)
    await viewer.tap()
    await cloud.until(lambda: len(cloud.likes) == 1)
    cloud.tell(likes=SummaryLikes(total=BEFORE + 502))
    await viewer.counts(BEFORE + 502)
    assert await flown(page, "other") == 8
    answered.set()
    await viewer.receives("Sent")
    assert (await flown(page, "other"), await flown(page, "ours")) == (9, 1)


async def test_at_the_receipt_the_glow_rims_the_picture(cloud: StubCloud, page: Page) -> None:
    viewer = ViewerPage(page)
    await viewer.tap()
    await viewer.receives("Sent")
    assert await page.evaluate("lit") == []
    cloud.light(BEFORE + 1, datetime.now(UTC))
    await viewer.receives("Your like lit the lamp")
    await page.wait_for_function("() => lit.length === 2")
    came, went = await page.evaluate("lit")
    assert went - came >= 890


async def test_thanks_is_a_moment_and_quotes_one_s_own_note(cloud: StubCloud, page: Page) -> None:
    viewer = ViewerPage(page)
    moment = page.locator("#moment")
    await page.clock.install()
    await viewer.note("heroes").click()
    await viewer.receives("Sent: You are heroes")
    cloud.thank()
    await expect(moment.locator("q")).to_have_text("You are heroes")
    await expect(moment).to_contain_text("The crew says thanks")
    await moment.evaluate("(shown) => shown.getAnimations().forEach((enters) => enters.finish())")
    window = await page.locator(".window").bounding_box()
    shown = await moment.bounding_box()
    assert window is not None
    assert shown is not None
    assert shown["y"] >= window["y"] + window["height"] / 2
    assert abs(shown["y"] + shown["height"] - window["y"] - window["height"]) < 1
    assert await page.evaluate("buzzed") == [60]
    await page.clock.run_for(7_000)
    await expect(moment).to_be_hidden()

    # It is thanked now and stays so: a second THANKS is for others.
    cloud.thank()
    await expect(moment).to_be_visible()
    await expect(moment.locator("q")).to_be_hidden()
    assert await page.evaluate("buzzed") == [60, 60]


async def test_two_taps_on_the_picture_like_once_and_one_does_not(
    cloud: StubCloud, page: Page
) -> None:
    viewer = ViewerPage(page)
    await page.locator(".window").click(position={"x": 40, "y": 90})
    # At one moment, however slow the machine is: two far from each other, and two at one place.
    await page.evaluate("""() => [150, 300, 450, 450].forEach((x) => document
        .querySelector(".window").dispatchEvent(new PointerEvent(
            "pointerup", {isPrimary: true, clientX: x, clientY: 90, bubbles: true})))""")
    await cloud.until(lambda: len(cloud.likes) == 1)
    await viewer.receives("Sent")
    await viewer.tap()
    await viewer.counts(BEFORE + 2)
    assert [like["n"] for like in cloud.likes] == [1, 1]


async def test_a_key_that_is_held_likes_once(page: Page) -> None:
    pressed = """(heart, repeat) => heart.dispatchEvent(
        new KeyboardEvent("keydown", {key: "Enter", repeat, bubbles: true, cancelable: true}))"""
    heart = page.locator("#like")
    assert await heart.evaluate(pressed, False)
    assert not await heart.evaluate(pressed, True), "the browser would click at each repetition"


async def test_on_the_whole_screen_the_heart_stays_beside_the_picture(page: Page) -> None:
    whole = page.get_by_role("button", name="Full screen")
    await whole.click()
    await expect(whole).to_have_attribute("aria-pressed", "true")
    heart = page.locator("#like")
    await expect(heart).to_be_in_viewport(ratio=1)
    await heart.click()
    await whole.click()
    await expect(whole).to_have_attribute("aria-pressed", "false")
    await ViewerPage(page).receives("Sent")


async def test_a_small_picture_is_offered_where_there_is_a_video(page: Page) -> None:
    small = page.get_by_role("button", name="Picture in picture")
    await expect(small).to_be_hidden()
    await page.evaluate("""() => {
      Object.defineProperty(document, "pictureInPictureEnabled", {value: true});
      const video = document.createElement("video");
      video.requestPictureInPicture = async () => { window.asked = true; };
      document.getElementById("stage").replaceChildren(video);
      player.options.onPicture();
    }""")
    await small.click()
    assert await page.evaluate("asked")


async def test_nothing_moves_where_motion_is_not_wanted(browser: Browser, cloud: StubCloud) -> None:
    async with (
        serving(cloud.routes()) as url,
        chromium_page(browser, "about:blank", calm=True) as page,
    ):
        await page.add_init_script(WATCHED)
        await page.goto(f"{url}/k/demo")
        viewer = ViewerPage(page)
        await viewer.tap()
        await viewer.receives("Sent")
        cloud.tell(likes=SummaryLikes(total=BEFORE + 9))
        await viewer.counts(BEFORE + 9)
        cloud.thank()
        await expect(page.locator("#moment")).to_be_visible()
        assert await page.evaluate("flown") == []
        assert await page.evaluate("document.querySelector('#moment').getAnimations()") == []
