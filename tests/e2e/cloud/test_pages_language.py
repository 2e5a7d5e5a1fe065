"""The viewer's page in another language than English, in real Chromium."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from likelight.assets import catalogue
from likelight_cloud.page.languages import WORDS
from support.chromium import chromium, needs_chromium
from support.pages import PHONE, ViewerPage
from support.serving import serving
from support.stub_cloud import StubCloud

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


async def test_the_page_is_read_in_the_browser_s_language_or_in_the_one_chosen(
    browser: Browser,
) -> None:
    cloud = StubCloud()
    cloud.catalogue = catalogue.load("ar")
    async with serving(cloud.routes()) as url:
        context = await browser.new_context(viewport=PHONE, locale="ar")
        try:
            page = await context.new_page()
            await page.goto(f"{url}/k/demo")
            viewer = ViewerPage(page)
            await viewer.says(WORDS["ar"]["live"])
            await expect(page.locator("html[lang=ar][dir=rtl]")).to_have_count(1)
            await viewer.tap()
            await viewer.receives(WORDS["ar"]["sent"])
            await expect(viewer.note("thank_you")).to_be_visible()
            hands, words = await page.locator('[data-code="thank_you"] > *').all()
            icon, text = await hands.bounding_box(), await words.bounding_box()
            assert icon is not None
            assert text is not None
            assert icon["x"] > text["x"], "what is read first is at the right"

            await page.locator("#language").select_option("pl")
            await viewer.says(WORDS["pl"]["live"])
            await expect(page.locator("html[lang=pl][dir=ltr]")).to_have_count(1)
            assert page.url.endswith("/k/demo?lang=pl")
        finally:
            await context.close()
