"""What tests of the player's modules share: a page that has nothing but their address."""

from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page

from support.feed import kitchen


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def empty(browser: Browser) -> AsyncIterator[Page]:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<title>empty</title>", content_type="text/html")

    async with kitchen(web.get("/", page)) as place, await browser.new_context() as context:
        opened = await context.new_page()
        await opened.goto(place.url)
        yield opened
