"""The drawings of the wiring can be read: no word lies on another, none leaves the page."""

from itertools import combinations
from pathlib import Path

from likelight_hw import boards
from support.chromium import chromium, needs_chromium

HW = Path(__file__).parents[3] / "hw"
DRAWINGS = [HW / f"wiring-{key}.svg" for key in boards.kits()]

BOXES = """() => [...document.querySelectorAll("text")].map(text => {
    const {x, y, right, bottom} = text.getBoundingClientRect();
    return {words: text.textContent, x, y, right, bottom};
})"""


@needs_chromium
async def test_no_word_lies_on_another() -> None:
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        for drawing in DRAWINGS:
            await page.goto(drawing.as_uri())
            boxes = await page.evaluate(BOXES)
            assert len(boxes) > 20
            for box in boxes:
                assert 0 <= box["x"] < box["right"] <= 1280, box
            for one, other in combinations(boxes, 2):
                apart = (
                    one["right"] <= other["x"]
                    or other["right"] <= one["x"]
                    # A line box is higher than its letters by a third.
                    or one["bottom"] - 3 <= other["y"]
                    or other["bottom"] - 3 <= one["y"]
                )
                assert apart, (drawing.name, one["words"], other["words"])
