"""The viewer's page in twelve windows of one browser, all on one kitchen's real feed."""

import asyncio

import pytest
from playwright.async_api import Page

from likelight.contract import State
from likelight_cloud.page.files import BUNDLED
from support.chromium import chromium, needs_chromium
from support.feed import kitchen
from support.pages import ViewerPage
from support.pictures import CAMERA_SHADE, encode
from support.stage import camera
from support.stub_cloud import StubCloud

pytestmark = [needs_chromium, pytest.mark.timeout(400)]
"""More than its steps may take together: then the step that fails says which window stands."""

WINDOWS = 12
"""Twice as many as a browser has connections to one server over HTTP/1.1."""

# Small and slow, so that twelve decoders take next to nothing.
SIZE, FPS = 64, 5

PATIENT = """const wait = window.setTimeout;
window.setTimeout = (act, ms, ...rest) => wait(act, ms === 4000 ? 60_000 : ms, ...rest);"""
"""A busy machine needs more than the 4 s after which the player takes another way."""

MOVED = """(pictures) => {
  const video = document.querySelector("#stage video");
  const decoded = video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
  const at = video?.currentTime ?? 0;
  window.before ??= {decoded, at};
  return decoded >= before.decoded + pictures && at > before.at;
}"""


async def moves(page: Page) -> None:
    """Return when more pictures came out of the decoder, and were played."""
    await page.evaluate("window.before = undefined")
    await page.wait_for_function(MOVED, arg=FPS, timeout=60_000)
    assert await page.locator("[data-way]").get_attribute("data-way") == "mse"


async def test_twelve_windows_are_live_over_websockets_and_a_like_passes() -> None:
    cloud = StubCloud(files=BUNDLED)
    pages = [route for route in cloud.routes() if not route.path.startswith("/player/")]
    async with kitchen(*pages) as place, chromium() as browser, asyncio.TaskGroup() as group:
        units = encode([CAMERA_SHADE] * FPS, width=SIZE, height=SIZE, gop=FPS)
        rolling = group.create_task(camera(place, units=units, fps=FPS))
        place.hub.set_format(SIZE, SIZE, FPS)
        place.hub.show(State.LIVE)
        context = await browser.new_context(viewport={"width": 320, "height": 480})
        await context.add_init_script(PATIENT)
        windows = [ViewerPage(await context.new_page()) for _ in range(WINDOWS)]
        await asyncio.gather(*(each.page.goto(f"{place.url}/k/demo") for each in windows))
        await asyncio.gather(*(moves(each.page) for each in windows))
        assert place.hub.traffic["ws"].viewers == WINDOWS
        assert cloud.streams == 1
        await windows[-1].like.click()
        await windows[-1].receives("Sent")
        await asyncio.gather(*(each.counts(1205) for each in windows))
        await asyncio.gather(*(moves(each.page) for each in windows))
        await context.close()
        rolling.cancel()
        cloud.end_streams()
