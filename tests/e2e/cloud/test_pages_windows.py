"""The viewer's page in many windows of one browser, in a browser that translates, and offline."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, expect

from likelight.contract import SummaryLikes
from support.chromium import needs_chromium
from support.pages import ViewerPage, chromium_page
from support.serving import serving
from support.stub_cloud import StubCloud
from support.waiting import WITHIN_S

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

WINDOWS = 12
"""Twice as many as a browser has connections to one server over HTTP/1.1."""


async def test_twelve_windows_of_one_browser_share_a_stream_and_likes_pass(
    browser: Browser,
) -> None:
    cloud = StubCloud()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(cloud.routes()))
        context = await browser.new_context()
        stack.push_async_callback(context.close)
        windows = [ViewerPage(await context.new_page()) for _ in range(WINDOWS)]
        for window in windows:
            await window.page.goto(f"{url}/k/demo")
            await window.counts(1204)
        await _settled(cloud)
        cloud.tell(likes=SummaryLikes(total=2000))
        for window in windows:
            await window.counts(2000)
        await windows[-1].like.click()
        await windows[-1].receives("Sent")
        for window in windows:
            await window.counts(2001)


@pytest.mark.parametrize("leaves", ["closes", "hides"])
async def test_when_the_window_that_listens_leaves_another_one_takes_its_place(
    browser: Browser, leaves: str
) -> None:
    cloud = StubCloud()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(cloud.routes()))
        context = await browser.new_context()
        stack.push_async_callback(context.close)
        windows = [ViewerPage(await context.new_page()) for _ in range(3)]
        first, *others = windows
        # Before the page is there: a timer from before is not ended by the clock that comes after.
        await first.page.clock.install()
        for window in windows:
            await window.page.goto(f"{url}/k/demo")
            await window.counts(1204)
        if leaves == "closes":
            await first.page.close()
        else:
            await first.page.evaluate(HIDDEN)
            await first.page.clock.run_for(40_000)
        await _settled(cloud)
        cloud.tell(likes=SummaryLikes(total=2000))
        for window in others:
            await window.counts(2000)


async def test_of_two_windows_that_both_listen_one_goes_on(browser: Browser) -> None:
    cloud = StubCloud()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(cloud.routes()))
        context = await browser.new_context()
        stack.push_async_callback(context.close)
        await context.add_init_script(f"({HEARD_LATE})()")
        windows = [ViewerPage(await context.new_page()) for _ in range(2)]
        for window in windows:
            await window.page.goto(f"{url}/k/demo")
        await _settled(cloud, at=2)
        await _settled(cloud)
        cloud.tell(likes=SummaryLikes(total=2000))
        for window in windows:
            await window.counts(2000)


async def _settled(cloud: StubCloud, at: int = 1) -> None:
    """Wait until `at` event streams are open: none for a moment, or two, and then the one."""
    async with asyncio.timeout(WITHIN_S):
        while cloud.streams != at:
            await asyncio.sleep(0.05)


HEARD_LATE = """() => {
  const listen = BroadcastChannel.prototype.addEventListener;
  BroadcastChannel.prototype.addEventListener = function (kind, act) {
    listen.call(this, kind, (event) => setTimeout(act, 3000, event));
  };
}"""
"""A script after which windows hear each other 3 s late, as on a machine with too much to do."""

HIDDEN = """() => {
  Object.defineProperty(document, "hidden", {value: true, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_what_a_browser_has_translated_stays_translated(browser: Browser) -> None:
    cloud = StubCloud()
    async with (
        serving(cloud.routes()) as url,
        chromium_page(browser, f"{url}/k/demo") as page,
    ):
        viewer = ViewerPage(page)
        await page.clock.install()
        await page.reload()
        await viewer.says("Live from the kitchen")
        await viewer.state.locator("span").evaluate("(words) => { words.textContent = 'Suora'; }")
        await page.clock.run_for(3500)
        await viewer.says("Suora")
        figures = page.locator("[translate=no]")
        ids = await figures.evaluate_all("(all) => all.map(({id}) => id)")
        assert set(ids) >= {"total", "band", "delay", "name"}


async def test_online_asks_the_cloud_at_once(browser: Browser) -> None:
    cloud = StubCloud()
    async with (
        serving(cloud.routes()) as url,
        chromium_page(browser, f"{url}/k/demo") as page,
    ):
        viewer = ViewerPage(page)
        await viewer.counts(1204)
        await page.evaluate(PARKED)
        cloud.vanish()
        await expect(page.locator("main")).to_have_attribute("data-state", "lost")
        cloud.come_back()
        await page.evaluate("dispatchEvent(new Event('online'))")
        await expect(page.locator("main")).to_have_attribute("data-state", "live")


PARKED = """() => {
  const wait = setTimeout;
  window.setTimeout = (act, ms) => wait(act, ms >= 2000 ? 1e8 : ms);
}"""
"""A script after which no timer of 2 s or more ends: nothing waits for the next try."""
