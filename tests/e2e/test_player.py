"""The player in real Chromium against a real hub: what is on the screen, and how soon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from playwright.async_api import Page

from likelight.contract import State
from likelight.feed.hub import Demand
from support.chromium import chromium, needs_chromium
from support.feed import (
    CAMERA_SHADE,
    HEIGHT,
    WIDTH,
    Kitchen,
    encode,
    jpeg,
    kitchen,
    now_us,
)

pytestmark = needs_chromium

PAGE = """<!doctype html><title>stage</title><div id=stage></div><script type=module>
import {Player} from "/player/player.js";
window.heard = {states: [], connections: [], pictures: 0};
window.player = new Player({
  stage: document.querySelector("#stage"), base: "/k/demo", label: "The kitchen",
  onState: (state) => heard.states.push(state),
  onConnection: (connection) => heard.connections.push(connection),
  onPicture: () => heard.pictures++,
});
player.start();
</script>"""

# The grey of the middle of what is on the screen, -1 when there is nothing.
SHADE = """() => {
  const picture = document.querySelector("#stage video, #stage img");
  const width = picture?.videoWidth || picture?.naturalWidth;
  if (!width) return -1;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d");
  context.drawImage(picture, width / 2, 50, 1, 1, 0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data[0];
}"""


async def _page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


@asynccontextmanager
async def stage(*, init_script: str = "") -> AsyncIterator[tuple[Kitchen, Page]]:
    """Open a page with nothing but a player on it."""
    async with kitchen(web.get("/", _page)) as place, chromium() as browser:
        page = await browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        if init_script:
            await page.add_init_script(init_script)
        await page.goto(place.url)
        yield place, page
        assert not errors, errors


async def shows(page: Page, low: int, high: int) -> None:
    """Return when the grey on the screen lies between `low` and `high`."""
    await page.wait_for_function(
        f"() => {{ const s = ({SHADE})(); return s >= {low} && s < {high}; }}", timeout=10_000
    )


async def camera(place: Kitchen, *, shades: list[int] | None = None) -> None:
    """Roll at 30 frames a second for ever, H.264 and, when it is asked for, JPEG."""
    units = encode(shades or [CAMERA_SHADE] * 30)
    still = jpeg(CAMERA_SHADE)
    loop = asyncio.get_running_loop()
    began, number = loop.time(), 0
    while True:
        place.roll([units[number % len(units)]])
        if place.hub.demand.jpeg:
            place.hub.push_jpeg(still, captured_us=now_us())
        number += 1
        await asyncio.sleep(max(0.0, began + number / 30 - loop.time()))


# Decoded luma 40 is shown as about 28 (video range), 60 as 51, 190 as 203.
DARK, BRIGHT = (10, 100), (150, 256)


async def test_the_picture_comes_switches_to_the_placeholder_and_back() -> None:
    async with stage() as (place, page), asyncio.TaskGroup() as group:
        await shows(page, *DARK)
        rolling = group.create_task(camera(place))
        place.hub.set_format(WIDTH, HEIGHT, 30)
        place.hub.show(State.LIVE)
        await shows(page, *BRIGHT)
        await page.wait_for_function("() => heard.states.at(-1) === 'live'")
        place.hub.show(State.PRIVATE)
        await shows(page, *DARK)
        place.hub.show(State.LIVE)
        await shows(page, *BRIGHT)
        heard: dict[str, Any] = await page.evaluate("heard")
        video = await page.evaluate("[stage.querySelector('video').ariaLabel, stage.dataset.way]")
        rolling.cancel()
    assert heard["states"] == ["idle", "live", "private", "live"]
    assert heard["connections"] == [{"kind": "connected"}], "one connection through it all"
    assert heard["pictures"] == 1
    assert video == ["The kitchen", "mse"]


async def test_the_picture_stays_at_the_live_edge() -> None:
    async with stage() as (place, page), asyncio.TaskGroup() as group:
        place.hub.set_format(WIDTH, HEIGHT, 30)
        place.hub.show(State.LIVE)
        rolling = group.create_task(camera(place))
        await shows(page, *BRIGHT)
        # The lag that the player tells, once a second; most of them must be small.
        lags = [int(await page.evaluate(TOLD_LAG)) for _ in range(4)]
        rolling.cancel()
    assert sorted(lags)[1] < 500, lags


TOLD_LAG = """() => new Promise((resolve) => {
  const video = document.querySelector("video");
  new MutationObserver((_, observer) => { observer.disconnect(); resolve(video.dataset.lag); })
    .observe(video, {attributeFilter: ["data-lag"]});
})"""


async def test_without_mse_it_falls_to_mjpeg() -> None:
    away = "delete window.MediaSource; delete window.ManagedMediaSource;"
    async with stage(init_script=away) as (place, page), asyncio.TaskGroup() as group:
        rolling = group.create_task(camera(place))
        await shows(page, *DARK)
        place.hub.show(State.LIVE)
        await shows(page, *BRIGHT)
        place.hub.show(State.PRIVATE)
        await shows(page, *DARK)
        assert await page.evaluate("stage.dataset.way") == "mjpeg"
        assert await page.evaluate("stage.querySelector('img').alt") == "The kitchen"
        assert place.hub.demand == Demand(0, 1)
        await page.evaluate("player.stop()")
        await place.demands.until(Demand(0, 0))
        rolling.cancel()


async def test_a_player_that_gets_no_picture_falls_to_mjpeg_in_time() -> None:
    mute = "SourceBuffer.prototype.appendBuffer = function () {};"
    async with stage(init_script=mute) as (place, page):
        await page.wait_for_function("() => stage.dataset.way === 'mjpeg'", timeout=8_000)
        await shows(page, *DARK)
        assert place.hub.demand == Demand(0, 1)


async def test_it_comes_back_after_the_connection_was_lost() -> None:
    async with stage() as (place, page):
        await shows(page, *DARK)
        await page.evaluate("heard.pictures = 0")
        place.cut_all()
        await page.wait_for_function("() => heard.connections.some(c => c.kind === 'lost')")
        await page.wait_for_function("() => heard.pictures > 0")
        await shows(page, *DARK)
        heard = await page.evaluate("heard.connections")
    assert [entry["kind"] for entry in heard] == ["connected", "lost", "connected"]
    assert 0 <= heard[1]["retryIn"] <= 1


async def test_a_hidden_tab_is_no_viewer() -> None:
    async with stage() as (place, page):
        await shows(page, *DARK)
        await page.evaluate(HIDDEN, True)
        await place.demands.until(Demand(0, 0))
        await page.evaluate(HIDDEN, False)
        await place.demands.until(Demand(1, 0))
        await shows(page, *DARK)
        await page.evaluate("player.stop()")
        await place.demands.until(Demand(0, 0))
        assert await page.evaluate("stage.children.length") == 0


# Headless tabs are never hidden by themselves.
HIDDEN = """(hidden) => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
