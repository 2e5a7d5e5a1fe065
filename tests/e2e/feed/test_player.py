"""The player in real Chromium against a real hub: what is on the screen, and how soon."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page

from likelight.contract import State
from likelight.feed.outlets import Demand
from support.busy import BUSY
from support.chromium import chromium, needs_chromium
from support.feed import Kitchen, kitchen, now_us
from support.pictures import CAMERA_SHADE, HEIGHT, WIDTH, encode, jpeg

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

PAGE = """<!doctype html><title>stage</title><div id=stage></div><script type=module>
import {Player} from "/player/player.js";
window.heard = {states: [], connections: [], pictures: 0, delays: []};
window.player = new Player({
  stage: document.querySelector("#stage"), base: "/k/demo", label: "The kitchen",
  now: () => Date.now() + (window.ahead ?? 0),
  onState: (state) => heard.states.push(state),
  onConnection: (connection) => heard.connections.push(connection),
  onPicture: () => heard.pictures++,
  onDelay: (seconds) => heard.delays.push(seconds),
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@asynccontextmanager
async def stage(
    browser: Browser, *, init_script: str = "", blocked: tuple[str, ...] = ()
) -> AsyncIterator[tuple[Kitchen, Page]]:
    """Open a page with nothing but a player on it; no request for what is `blocked` arrives.

    It has a browser context of its own, without cache or anything else of the page before.
    """
    async with kitchen(web.get("/", _page)) as place, await browser.new_context() as context:
        page = await context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        if init_script:
            await page.add_init_script(init_script)
        for path in blocked:
            await page.route(f"**/{path}*", lambda route: route.abort())
        await page.goto(place.url)
        yield place, page
        assert not errors, errors


async def shows(page: Page, low: int, high: int) -> None:
    """Return when the grey on the screen lies between `low` and `high`."""
    await page.wait_for_function(
        f"() => {{ const s = ({SHADE})(); return s >= {low} && s < {high}; }}", timeout=30_000
    )


async def camera(place: Kitchen, *, shades: list[int] | None = None, age_us: int = 0) -> None:
    """Roll at 30 frames a second for ever, H.264 and, when it is asked for, JPEG.

    Each was captured `age_us` before it is pushed.
    """
    units = encode(shades or [CAMERA_SHADE] * 30)
    picture = jpeg(CAMERA_SHADE)
    loop = asyncio.get_running_loop()
    began, number = loop.time(), 0
    while True:
        unit = units[number % len(units)]
        place.hub.publish(unit.data, keyframe=unit.keyframe, captured_us=now_us() - age_us)
        if place.hub.demand.jpeg:
            place.hub.publish_jpeg(picture, captured_us=now_us() - age_us)
        number += 1
        await asyncio.sleep(max(0.0, began + number / 30 - loop.time()))


# Decoded luma 40 is shown as about 28 (video range), 60 as 51, 190 as 203.
DARK, BRIGHT = (10, 100), (150, 256)


async def test_the_picture_comes_switches_to_the_placeholder_and_back(browser: Browser) -> None:
    async with stage(browser) as (place, page), asyncio.TaskGroup() as group:
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


async def test_the_picture_stays_at_the_live_edge(browser: Browser) -> None:
    async with stage(browser) as (place, page), asyncio.TaskGroup() as group:
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


NO_SOCKET = "delete window.WebSocket;"
REFUSED_SOCKETS = """window.sockets = 0;
window.RealSocket = window.WebSocket;
window.WebSocket = class {
  constructor() { sockets++; setTimeout(() => this.onclose()); }
  close() {}
};
"""
NO_MSE = "delete window.MediaSource; delete window.ManagedMediaSource;"


def same_clock() -> str:
    """Return a script that gives the page the clock of `now_us`."""
    return f"window.ahead = {now_us() / 1000 - time.time() * 1000};"


async def delay(page: Page) -> float:
    """Return the next delay that the player tells."""
    await page.evaluate("heard.delays = []")
    await page.wait_for_function("() => heard.delays.at(-1) != null")
    return float(await page.evaluate("heard.delays.at(-1)"))


async def live(place: Kitchen, group: asyncio.TaskGroup, age_us: int = 0) -> asyncio.Task[None]:
    """Go live and roll the camera."""
    place.hub.set_format(WIDTH, HEIGHT, 30)
    place.hub.show(State.LIVE)
    return group.create_task(camera(place, age_us=age_us))


async def test_without_websockets_the_same_video_comes_over_http(browser: Browser) -> None:
    script = NO_SOCKET + same_clock()
    async with stage(browser, init_script=script) as (place, page), asyncio.TaskGroup() as group:
        await shows(page, *DARK)
        rolling = await live(place, group, age_us=300_000)
        await shows(page, *BRIGHT)
        assert await page.evaluate("stage.dataset.way") == "fetch"
        # The capture's age, and what the way here adds.
        assert 0.3 <= await delay(page) < BUSY * 0.8
        place.hub.show(State.PRIVATE)
        await shows(page, *DARK)
        await page.evaluate("player.stop()")
        await place.demands.until(Demand(0, 0))
        rolling.cancel()


async def test_where_nothing_may_stream_it_plays_low_latency_hls(browser: Browser) -> None:
    script = NO_SOCKET + same_clock()
    wall = stage(browser, init_script=script, blocked=("live.mp4",))
    async with wall as (place, page), asyncio.TaskGroup() as group:
        rolling = await live(place, group)
        await shows(page, *BRIGHT)
        assert await page.evaluate("stage.dataset.way") == "hls"
        # Three parts of half a second, and what loads them.
        assert 1.0 < await delay(page) < BUSY * 4.0
        place.hub.show(State.PRIVATE)
        await shows(page, *DARK)
        rolling.cancel()


async def test_without_mse_it_falls_to_mjpeg(browser: Browser) -> None:
    wall = stage(browser, init_script=NO_MSE, blocked=("stream.m3u8",))
    async with wall as (place, page), asyncio.TaskGroup() as group:
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


NO_VIDEO_PLAYS = """
Object.defineProperty(HTMLMediaElement.prototype, "autoplay", {set() {}});
HTMLMediaElement.prototype.play = () => new Promise((_, reject) => {
  setTimeout(() => reject(new DOMException("", "NotAllowedError")), %d);
});
"""


@pytest.mark.parametrize("told_after_ms", [0, 300])
async def test_where_no_video_may_play_it_falls_to_mjpeg(
    browser: Browser, told_after_ms: int
) -> None:
    """An iPhone that saves power may say so before or after the first frame is there."""
    async with stage(browser, init_script=NO_VIDEO_PLAYS % told_after_ms) as (_, page):
        await page.wait_for_function("stage.dataset.way === 'mjpeg'", timeout=30_000)
        await shows(page, *DARK)


async def test_where_only_single_requests_pass_it_shows_snapshots(browser: Browser) -> None:
    wall = stage(
        browser,
        init_script=NO_SOCKET + same_clock(),
        blocked=("live.mp4", "stream.m3u8", "stream.mjpg"),
    )
    async with wall as (place, page), asyncio.TaskGroup() as group:
        rolling = await live(place, group)
        await shows(page, *BRIGHT)
        assert await page.evaluate("stage.dataset.way") == "snapshot"
        first = await delay(page)
        assert 0 <= first < await delay(page), "until the next one comes it only gets older"
        await page.evaluate("player.stop()")
        assert await page.evaluate("stage.children.length") == 0
        rolling.cancel()


async def test_it_remembers_the_way_that_worked_and_loads_hls_js_for_no_other(
    browser: Browser,
) -> None:
    async with stage(browser, init_script=REFUSED_SOCKETS) as (place, page):
        await page.wait_for_function("() => heard.pictures > 0")
        assert await page.evaluate("stage.dataset.way") == "fetch"
        asked: list[str] = await page.evaluate(ASKED)
        assert "hls.js" in asked, "our own module of that name"
        assert not [path for path in asked if "vendor" in path]
        await page.evaluate("heard.pictures = window.sockets = 0")
        place.cut_all()
        await page.wait_for_function("() => heard.pictures > 0")
        assert await page.evaluate("stage.dataset.way") == "fetch"
        assert await page.evaluate("sockets") == 0, "what failed is not tried again"


async def test_back_from_an_outage_on_a_worse_way_it_tries_the_best_again(browser: Browser) -> None:
    script = REFUSED_SOCKETS + SOON + "window.WebSocket = RealSocket;"
    async with stage(browser, init_script=script) as (place, page):
        await page.wait_for_function("() => heard.pictures > 0")
        assert await page.evaluate("stage.dataset.way") == "mse"
        await page.evaluate("() => { window.WebSocket = class { constructor() { throw 1; } }; }")
        place.cut_all()
        await page.wait_for_function("() => stage.dataset.way === 'fetch'")
        await shows(page, *DARK)
        await page.evaluate("() => { window.WebSocket = RealSocket; }")
        await page.wait_for_function("() => stage.dataset.way === 'mse'")
        await shows(page, *DARK)


# Waits of half a minute and more end in a second.
SOON = """const wait = setTimeout;
window.setTimeout = (act, ms) => wait(act, ms > 25_000 ? 1000 : ms);
"""

ASKED = """performance.getEntriesByType("resource")
  .map(({name}) => new URL(name).pathname.replace(/^.(player|k.demo)./, ""))"""


async def test_a_clock_that_is_wrong_makes_no_wrong_delay(browser: Browser) -> None:
    async with stage(browser, init_script="window.ahead = 3_600_000;") as (place, page):
        async with asyncio.TaskGroup() as group:
            rolling = await live(place, group)
            await shows(page, *BRIGHT)
            assert 0 <= await delay(page) < BUSY * 0.5, "what is certain: since it arrived"
            rolling.cancel()


# The page's own clock runs twice as fast, so that its patience is half as long.
HASTE = """{
  const [now, after, every] = [performance.now.bind(performance), setTimeout, setInterval];
  performance.now = () => 2 * now();
  window.setTimeout = (act, ms) => after(act, ms / 2);
  window.setInterval = (act, ms) => every(act, ms / 2);
}
"""


async def test_a_frozen_picture_means_reconnect_and_then_the_next_way(browser: Browser) -> None:
    async with stage(browser, init_script=HASTE) as (place, page):
        async with asyncio.TaskGroup() as group:
            rolling = await live(place, group)
            await shows(page, *BRIGHT)
            rolling.cancel()
        # Live, and no frame comes: a hub of ours shows a placeholder for such a camera, but what
        # holds the stream up may sit between it and us.
        await page.wait_for_function("() => stage.dataset.way === 'fetch'", timeout=20_000)
        connections: list[dict[str, Any]] = await page.evaluate("heard.connections")
    kinds = [entry["kind"] for entry in connections]
    assert kinds[:4] == ["connected", "lost", "connected", "lost"]


async def test_a_frozen_mjpeg_is_distinguished_from_a_still_picture(browser: Browser) -> None:
    wall = stage(browser, init_script=NO_MSE + HASTE, blocked=("stream.m3u8",))
    async with wall as (place, page):
        place.hub.show(State.PRIVATE)
        await shows(page, *DARK)
        for _ in range(2):  # a placeholder does not change, and neither do the snapshots
            async with page.expect_response("**/snapshot.jpg"):
                pass
        assert not await page.evaluate("heard.connections.some((c) => c.kind === 'lost')")
        place.hub.show(State.LIVE)
        async with asyncio.TaskGroup() as group:
            rolling = group.create_task(camera(place))
            await shows(page, *BRIGHT)
            rolling.cancel()
        await page.wait_for_function("() => heard.connections.some((c) => c.kind === 'lost')")


async def test_a_player_that_gets_no_picture_falls_to_mjpeg_in_time(browser: Browser) -> None:
    mute = "SourceBuffer.prototype.appendBuffer = function () {};"
    async with stage(browser, init_script=mute) as (place, page):
        await page.wait_for_function("() => stage.dataset.way === 'mjpeg'", timeout=30_000)
        await shows(page, *DARK)
        assert place.hub.demand == Demand(0, 1)


async def test_it_comes_back_after_the_connection_was_lost(browser: Browser) -> None:
    async with stage(browser) as (place, page):
        await shows(page, *DARK)
        await page.evaluate("heard.pictures = 0")
        place.cut_all()
        await page.wait_for_function("() => heard.connections.some(c => c.kind === 'lost')")
        await page.wait_for_function("() => heard.pictures > 0")
        await shows(page, *DARK)
        heard = await page.evaluate("heard.connections")
    assert [entry["kind"] for entry in heard] == ["connected", "lost", "connected"]
    assert 0 <= heard[1]["retryIn"] <= 1


async def test_a_hidden_tab_is_not_a_viewer(browser: Browser) -> None:
    async with stage(browser) as (place, page):
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
