"""The sheets to print, in a browser: each fits one side of A4, with all its pictures."""

import re

from support.chromium import chromium, needs_chromium
from support.papers import PAPERS

A4 = b"594.95996 841.91998"
"""210 x 297 mm in the points of a PDF, as Chromium rounds them."""
UNSEEN = "[...document.images].filter(image => !image.naturalWidth).length"
SMALLEST = (
    "Math.min(...[...document.querySelectorAll('body *')]"
    ".map(one => parseFloat(getComputedStyle(one).fontSize)))"
)


@needs_chromium
async def test_each_sheet_prints_on_one_side_of_a4() -> None:
    async with chromium() as browser:
        for page in PAPERS:
            tab = await browser.new_page()
            await tab.goto(page.with_suffix(".html").as_uri())
            assert await tab.evaluate(UNSEEN) == 0
            assert await tab.evaluate(SMALLEST) >= 8, "6 pt, as on the leaflet of a medicine"
            printed = await tab.pdf(prefer_css_page_size=True, print_background=True)
            assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1, page.name
            assert b"/MediaBox [0 0 " + A4 + b"]" in printed
            await tab.close()
