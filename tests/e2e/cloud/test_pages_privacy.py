"""The privacy page in real Chromium, on a whole cloud: what a viewer reads there, and deletes."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from support.chromium import needs_chromium
from support.cloud import KID
from support.cloud_server import cloud_server
from support.pages import DESKTOP, PHONE, ViewerPage, chromium_page, photograph

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]


FORBIDDEN_STORAGE = """Object.defineProperty(window, "sessionStorage", {
  get() { throw new DOMException("forbidden", "SecurityError"); },
})"""


async def test_a_viewer_deletes_the_cookie_and_what_is_bound_to_it(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        cloud_server(tmp_path / "cloud.db") as site,
        chromium_page(browser, f"{site.public}/k/{KID}") as page,
    ):
        viewer = ViewerPage(page)
        await viewer.tap()
        await viewer.counts(1)
        await page.get_by_role("link", name="Privacy").click()
        await expect(page.locator("h1")).to_have_text("Privacy")
        mine = page.locator("#mine")
        await expect(mine).to_have_text(
            re.compile(r"^This browser has our cookie\. It ends by itself: \w+day.+ at the latest")
        )
        await page.evaluate(FORBIDDEN_STORAGE)
        await page.get_by_role("button", name="Delete it now").click()
        await expect(mine).to_contain_text("Deleted")
        assert await page.context.cookies() == []
        await page.reload()
        await expect(mine).to_have_text("This browser has no cookie of ours.")
        # A computer's own font may draw boxes, and count as having the letters.
        await page.evaluate("""document.fonts.load('700 16px "Noto Sans JP Name"', '日本語')""")
        assert await drawn_by_ours(page, "nav a[lang=ja]")


async def drawn_by_ours(page: Page, selector: str) -> bool:
    """Return whether the first of `selector` is drawn with a font of the page's alone."""
    devtools = await page.context.new_cdp_session(page)
    for domain in ("DOM", "CSS"):
        await devtools.send(f"{domain}.enable")
    root = (await devtools.send("DOM.getDocument"))["root"]["nodeId"]
    found = await devtools.send("DOM.querySelector", {"nodeId": root, "selector": selector})
    drawn = await devtools.send("CSS.getPlatformFontsForNode", found)
    return [font["isCustomFont"] for font in drawn["fonts"]] == [True]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "ar"])
async def test_it_fits_a_phone_and_a_desk(
    browser: Browser, tmp_path: Path, lang: str, theme: str
) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        for viewport in (PHONE, DESKTOP):
            async with chromium_page(
                browser,
                f"{site.public}/privacy?lang={lang}",
                viewport=viewport,
                theme="dark" if theme == "dark" else "light",
            ) as page:
                await expect(page.locator("#mine")).to_be_visible()
                scrolls = "document.documentElement.scrollWidth > innerWidth"
                assert not await page.evaluate(scrolls)
                await photograph(page, f"privacy-{lang}-{viewport['width']}-{theme}")
