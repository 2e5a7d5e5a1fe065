"""The demo's page over a slow line: a smaller picture that moves, and the words that say why."""

from pathlib import Path

from playwright.async_api import Page

from support.chromium import chromium, needs_chromium
from support.demo import demo
from support.pages import chromium_page
from support.slow_proxy import SlowLine, slow_proxy

MBIT = 125_000

# At one moment, because a page on a busy machine falls and rises again: the rendition, the width of
# the picture that comes out of the decoder, and the words; none where there is nothing to tell.
SHOWN = """([rendition, width, words]) => {
  const video = document.querySelector("#stage video");
  const delay = document.querySelector("#delay");
  return stage.dataset.rendition === rendition && video?.videoWidth === width
    && (words ? !delay.hidden && delay.textContent.endsWith(words)
              : delay.hidden || !delay.textContent.includes("·"));
}"""

DECODED = """() =>
  document.querySelector("#stage video")?.getVideoPlaybackQuality().totalVideoFrames ?? 0"""


async def shows(page: Page, rendition: str, width: int, words: str) -> None:
    await page.wait_for_function(SHOWN, arg=[rendition, width, words], timeout=90_000)


@needs_chromium
async def test_a_slow_line_gets_a_smaller_picture_in_words_and_the_whole_one_again(
    tmp_path: Path,
) -> None:
    line = SlowLine(down_bytes_per_s=0.7 * MBIT, delay_s=0.075)
    async with (
        demo(tmp_path) as store,
        chromium() as browser,
        slow_proxy(store.url, line) as far,
        chromium_page(browser, f"{far.url}/k/demo") as page,
    ):
        await shows(page, "low", 640, "behind · Smaller picture, so that it keeps up")
        line.down_bytes_per_s = 100 * MBIT
        await shows(page, "main", 1280, "")
        line.down_bytes_per_s = 0.2 * MBIT
        few = "behind · A few small pictures a second, so that they keep up"
        await shows(page, "slide", 640, few)
        before = await page.evaluate(f"({DECODED})()")
        await page.wait_for_function(f"(before) => ({DECODED})() > before + 3", arg=before)
