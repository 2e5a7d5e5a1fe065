"""The two pages as a person uses them: in Chromium, by what they say and show."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

ARTIFACTS = Path(__file__).parents[1] / ".artifacts"
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}

Theme = Literal["light", "dark"]


@asynccontextmanager
async def chromium_page(
    browser: Browser,
    url: str,
    *,
    viewport: ViewportSize = PHONE,
    theme: Theme = "light",
    calm: bool = False,
    javascript: bool = True,
) -> AsyncIterator[Page]:
    """Open `url` in a fresh profile; an uncaught error on the page fails the test."""
    context = await browser.new_context(
        viewport=viewport,
        color_scheme=theme,
        reduced_motion="reduce" if calm else "no-preference",
        java_script_enabled=javascript,
        timezone_id="Europe/Berlin",
        locale="en-GB",
    )
    try:
        page = await context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: _refused(line.text, errors))
        await page.goto(url)
        yield page
        assert not errors, errors
    finally:
        await context.close()


def _refused(line: str, errors: list[str]) -> None:
    if "Content Security Policy" in line:
        errors.append(line)


async def photograph(page: Page, name: str) -> None:
    """Keep a screenshot of the page among the artifacts of the tests."""
    await asyncio.to_thread(ARTIFACTS.mkdir, exist_ok=True)
    await page.screenshot(path=ARTIFACTS / f"{name}.png")


class ViewerPage:
    """The viewer's page `/k/{kid}`, by what a viewer sees."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.like = page.locator("#like")
        self.total = page.locator("#total")
        self.state = page.locator("#state")
        self.receipt = page.locator("#receipt")
        self.badge = page.locator("#badge")

    def note(self, code: str) -> Locator:
        """The chip of the note `code`."""
        return self.page.locator(f'#notes [data-code="{code}"]')

    async def tap(self, times: int = 1) -> None:
        """Tap the heart `times` times at one moment, however slow the machine is."""
        await self.like.evaluate("(heart, times) => { while (times--) heart.click(); }", times)

    async def shows_a_picture(self) -> None:
        """Let the player of the stub cloud show its live picture."""
        await self.page.wait_for_function("window.player")
        for call in ("onConnection({kind: 'connected'})", "onState('live')", "onPicture()"):
            await self.page.evaluate(f"player.options.{call}")

    async def says(self, words: str) -> None:
        """Wait until the state's line says exactly `words`."""
        await expect(self.state).to_have_text(words)

    async def receives(self, words: str | re.Pattern[str]) -> None:
        """Wait until a receipt says `words`; a count of seconds is shown for one second only."""
        await expect(self.receipt).to_contain_text(words)

    async def counts(self, total: int) -> None:
        """Wait until the total of likes is `total`."""
        await expect(self.total).to_have_attribute("data-total", str(total))


class BenchPage:
    """The bench's page, by what a person sees there."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.lamp = page.locator("#lamp")
        self.on_air = page.locator("#on-air")
        self.camera = page.locator("#camera")
        self.log = page.locator("#log li")
        self.likes = page.locator("#likes")
        self.display = page.locator("#display")

    def button(self, name: str) -> Locator:
        """The button THANKS or PRIVACY."""
        return self.page.get_by_role("button", name=name, exact=True)
