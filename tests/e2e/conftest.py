"""What tests of pages share: one browser for each module."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from support.chromium import chromium


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started
