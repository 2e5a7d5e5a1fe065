"""Markup in what a brand writes, its name and its notes, is text on every page: it runs nothing."""

import asyncio
import json
import re
from pathlib import Path

from playwright.async_api import expect

from support.chromium import chromium, needs_chromium
from support.demo import command, free_port
from support.pages import ViewerPage, chromium_page
from support.waiting import WITHIN_S

pytestmark = needs_chromium

NAME = "</title></script><img src=x onerror=a()>"
NOTE = "Fire & love, 'twice'"
"""Markup and entities are refused in a note: see test_brand_notes.py."""


async def test_markup_in_the_name_and_in_a_note_is_shown_as_it_is_written(tmp_path: Path) -> None:
    port, notes, config = free_port(), tmp_path / "notes", tmp_path / "likelight.toml"
    notes.mkdir()
    (notes / "_icons.json").write_text(json.dumps({"mark": "heart"}))
    (notes / "en.json").write_text(json.dumps({"notes": {"mark": NOTE}}))
    config.write_text(
        f'state_dir = "{tmp_path / "state"}"\n[web]\nport = {port}\n'
        f'[kitchen]\nid = "mark"\nname = "{NAME}"\ncatalogue = "{notes}"\n'
    )
    process = await asyncio.create_subprocess_exec(
        *command("run", "--config", str(config)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            assert f":{port}/k/mark".encode() in await process.stdout.readline()
        # What would run is refused by the page's policy, and an error fails the test as well.
        url = f"http://127.0.0.1:{port}/k/mark"
        async with chromium() as browser, chromium_page(browser, url) as page:
            viewer = ViewerPage(page)
            await expect(page.get_by_text(NAME, exact=True).first).to_be_visible()
            await expect(viewer.note("mark")).to_have_text(NOTE)
            await page.locator("#notes summary").click()
            await viewer.note("mark").click()
            await viewer.receives(re.compile("Your note|your note"))
            assert await page.locator("img[src=x], svg[onload]").count() == 0
    finally:
        process.terminate()
        await process.communicate()
