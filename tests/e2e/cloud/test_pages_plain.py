"""The viewer's page in a browser without JavaScript, against a real cloud."""

from pathlib import Path

import aiohttp
from playwright.async_api import Browser, Page, expect

from support.chromium import chromium, needs_chromium
from support.cloud import KID, bearer, status
from support.cloud_server import cloud_server
from support.pages import PHONE, ViewerPage, chromium_page

pytestmark = needs_chromium


async def open_page(page: Page, address: str) -> ViewerPage:
    # The moving picture loads for ever.
    await page.goto(address, wait_until="domcontentloaded")
    return ViewerPage(page)


async def the_device_says_live(address: str) -> None:
    kitchen = f"{address}/v1/kitchens/{KID}"
    async with aiohttp.ClientSession(headers=bearer(), raise_for_status=True) as session:
        poll = session.get(f"{kitchen}/events", params={"wait": "0", "boot_id": "boot-1"})
        async with poll, session.post(f"{kitchen}/status", json=status()):
            pass


async def test_without_javascript_the_picture_moves_and_forms_like_and_send_notes(
    tmp_path: Path,
) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site, chromium() as browser:
        await the_device_says_live(site.public)
        async with chromium_page(browser, "about:blank", javascript=False) as page:
            viewer = await open_page(page, f"{site.public}/k/{KID}?lang=de")
            await expect(page.locator(".window noscript img")).to_be_visible()
            moving = page.locator(f'.window img[src="/k/{KID}/stream.mjpg"]')
            await expect(moving).to_have_attribute("alt", "Bild aus der Küche")
            await expect(page.get_by_role("button", name="Teilen")).to_be_hidden()
            await expect(page.locator("footer noscript a[lang=pl]")).to_be_visible()
            await expect(page.locator(".plain")).to_contain_text("Ohne JavaScript")

            await viewer.like.click(no_wait_after=True)
            await viewer.receives("Gesendet")
            await expect(viewer.total).to_have_text("1")
            await viewer.note("heroes").click(no_wait_after=True)
            await page.wait_for_url("**note=*", wait_until="commit")
            await viewer.receives("Gesendet")
            await viewer.note("delicious").click(no_wait_after=True)
            await viewer.receives("Ein Gruß nach dem anderen.")
            await expect(page.locator("html[lang=de]")).to_have_count(1)
            shared = page.url.replace("wait=note", "like=1")
        await another_viewer_is_told_nothing(browser, shared)


async def another_viewer_is_told_nothing(browser: Browser, address: str) -> None:
    async with chromium_page(browser, "about:blank", javascript=False, viewport=PHONE) as page:
        viewer = await open_page(page, address)
        await expect(viewer.total).to_have_text("1")
        await expect(viewer.receipt).to_have_text("")
