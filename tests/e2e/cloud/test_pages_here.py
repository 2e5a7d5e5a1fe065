"""The page for guests in the house: the heart and the notes of the kitchen, and no picture."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from likelight.contract import State
from support.chromium import needs_chromium
from support.pages import DESKTOP, PHONE, ViewerPage, chromium_page, photograph
from support.serving import serving
from support.stub_cloud import StubCloud

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

FOOTER = """() => {
  const box = (of) => document.querySelector(of).getBoundingClientRect();
  const [notes, footer, promises] = ["form.notes", "footer", "footer p"].map(box);
  return [footer.width === notes.width, footer.top >= notes.bottom,
    box("#language").top >= promises.bottom + 8];
}"""
WELCOME = "Say thank you to the kitchen, from right here."


@pytest_asyncio.fixture(loop_scope="module")
async def cloud() -> StubCloud:
    return StubCloud()


@pytest_asyncio.fixture(loop_scope="module")
async def address(cloud: StubCloud) -> AsyncIterator[str]:
    async with serving(cloud.routes()) as url:
        yield f"{url}/k/demo/here"


async def test_a_guest_s_like_comes_from_here_and_gets_its_receipt_but_nobody_watches(
    browser: Browser, cloud: StubCloud, address: str
) -> None:
    async with chromium_page(browser, address) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        viewer = ViewerPage(page)
        await viewer.counts(1204)
        await viewer.says(WELCOME)
        await expect(page.locator(".window")).to_be_hidden()
        await expect(page.locator('meta[name="robots"][content="noindex"]')).to_have_count(1)
        await viewer.tap()
        await viewer.receives("Sent")
        assert [(like["n"], like["source"]) for like in cloud.likes] == [(1, "here")]
        cloud.light(1205, datetime(2026, 11, 21, 11, 3, 7, tzinfo=UTC))
        await viewer.receives("Your like lit the lamp at 12:03:07")
        await viewer.note("heroes").click()
        cloud.note_shown()
        await viewer.receives("Your note is on the kitchen's screen")

        cloud.tell(state=State.IDLE)
        cloud.tell(state=State.PRIVATE)
        await viewer.says("The crew is taking a private moment. Your likes still reach them.")
        cloud.tell(state=State.IDLE)
        await viewer.says(WELCOME)
        # The page's own minute: a page with a picture would say four times that it is watched.
        await page.clock.install()
        await page.reload()
        await viewer.counts(1205)
        await page.clock.run_for(60_000)
        assert cloud.views == []
        assert [url for url in asked if "/player/" in url or url.endswith("/ws")] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "ar"])
async def test_it_fits_a_phone_and_a_desk(
    browser: Browser, address: str, lang: str, theme: str
) -> None:
    for viewport in (PHONE, DESKTOP):
        async with chromium_page(
            browser,
            f"{address}?lang={lang}",
            viewport=viewport,
            theme="dark" if theme == "dark" else "light",
        ) as page:
            viewer = ViewerPage(page)
            await expect(viewer.note("heroes")).to_be_visible()
            await viewer.tap()
            await expect(viewer.receipt.locator('[data-kind="like"]')).to_be_visible()
            assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
            await expect(viewer.like).to_be_in_viewport()
            assert await page.evaluate(FOOTER) == [True, True, True]
            await photograph(page, f"here-{lang}-{viewport['width']}-{theme}")


@pytest.mark.parametrize(
    ("can", "told"),
    [
        ("navigator.share = async (what) => { window.given = what.url; };", ""),
        (
            "Object.defineProperty(navigator, 'clipboard', { value: "
            "{ writeText: async (text) => { window.given = text; } } });",
            "The address is copied.",
        ),
        ("Object.defineProperty(navigator, 'clipboard', { value: undefined });", "Copy this"),
    ],
    ids=["shares", "copies", "neither"],
)
async def test_a_guest_shares_the_page_with_the_picture(
    browser: Browser, address: str, can: str, told: str
) -> None:
    async with chromium_page(browser, f"{address}?lang=en") as page:
        absent = "delete Navigator.prototype.share; delete navigator.share;"
        await page.add_init_script(absent + can)
        await page.reload()
        await expect(ViewerPage(page).note("heroes")).to_be_visible()
        await page.get_by_role("button", name="Share").click()
        page_url = address.removesuffix("/here")
        if told.startswith("Copy"):
            await expect(page.locator("#shared")).to_have_text(f"Copy this address: {page_url}")
            assert await page.evaluate("getSelection().toString()") == page_url
        else:
            await page.wait_for_function("() => window.given")
            assert await page.evaluate("given") == page_url
            await expect(page.locator("#shared")).to_have_text(told)
        await photograph(page, "shared")
