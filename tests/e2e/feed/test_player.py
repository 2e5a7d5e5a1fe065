"""The player in real Chromium against a real hub: what is on the screen, and how soon."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser

from likelight.contract import State
from likelight.feed.outlets import Demand
from support.busy import BUSY
from support.chromium import needs_chromium
from support.pictures import HEIGHT, WIDTH
from support.stage import (
    BRIGHT,
    DARK,
    NO_MSE,
    NO_SOCKET,
    camera,
    delay,
    live,
    same_clock,
    shows,
    stage,
)

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]


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


REFUSED_SOCKETS = """window.sockets = 0;
window.RealSocket = window.WebSocket;
window.WebSocket = class {
  constructor() { sockets++; setTimeout(() => this.onclose()); }
  close() {}
};
"""


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
        await place.demands.until(Demand(0, 1))
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
        await page.wait_for_function("stage.dataset.way === 'mjpeg'", timeout=90_000)
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
            assert 0 <= await delay(page) < BUSY * 0.5, "since the freshest one"
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
        await page.wait_for_function("() => stage.dataset.way === 'fetch'", timeout=90_000)
        connections: list[dict[str, Any]] = await page.evaluate("heard.connections")
    kinds = [entry["kind"] for entry in connections]
    assert kinds[:4] == ["connected", "lost", "connected", "lost"]


# No picture comes out of the decoder that the player could count.
UNCOUNTED = "HTMLVideoElement.prototype.getVideoPlaybackQuality = () => ({totalVideoFrames: 1});"


async def test_a_placeholder_that_does_not_move_costs_no_way(browser: Browser) -> None:
    async with stage(browser, init_script=UNCOUNTED) as (place, page):
        async with asyncio.TaskGroup() as group:
            rolling = await live(place, group)
            for _ in range(2):
                place.hub.show(State.LIVE)
                await shows(page, *BRIGHT)
                # The connection that showed the camera is given up, lest its last picture stands.
                place.hub.show(State.PRIVATE)
                await page.evaluate("heard.pictures = 0")
                await page.wait_for_function("() => heard.pictures > 0")
                await shows(page, *DARK)
            # The next one stays for longer than the player's patience of 4 s.
            await page.evaluate("heard.told = []")
            await page.wait_for_function("() => heard.told.length > 6")
            connections: list[dict[str, Any]] = await page.evaluate("heard.connections")
            assert await page.evaluate("stage.dataset.way") == "mse"
            rolling.cancel()
    assert [each["kind"] for each in connections] == ["connected", *["lost", "connected"] * 2]


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
        await page.wait_for_function("() => stage.dataset.way === 'mjpeg'", timeout=90_000)
        await shows(page, *DARK)
        await place.demands.until(Demand(0, 1))


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


async def test_when_the_network_is_back_the_picture_is_at_once(browser: Browser) -> None:
    async with stage(browser) as (place, page):
        await shows(page, *DARK)
        await page.evaluate(PARKED)
        await page.context.set_offline(True)
        place.cut_all()
        await page.wait_for_function("() => heard.connections.some(c => c.kind === 'lost')")
        await page.evaluate("heard.pictures = 0")
        await page.context.set_offline(False)
        await page.wait_for_function("() => heard.pictures > 0")
        await shows(page, *DARK)


# No timer ends any more: whatever waits for its next try would wait for ever.
PARKED = "window.setTimeout = () => 0"


async def test_a_running_picture_is_left_alone_when_the_network_is_back(browser: Browser) -> None:
    async with stage(browser) as (_, page):
        await shows(page, *DARK)
        await page.wait_for_function("() => heard.told.length > 1")
        await page.evaluate("dispatchEvent(new Event('online'))")
        await page.wait_for_function("() => heard.told.length > 3")
        assert await page.evaluate("heard.pictures") == 1


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


async def test_a_picture_beside_a_hidden_tab_is_seen_until_it_is_closed(browser: Browser) -> None:
    async with stage(browser) as (place, page):
        await shows(page, *DARK)
        await page.evaluate("document.body.append(document.createElement('button'))")
        await page.evaluate("""() => {
          const small = () => document.querySelector("video").requestPictureInPicture();
          document.querySelector("button").addEventListener("click", small);
        }""")
        await page.locator("button").click()
        await page.wait_for_function("document.pictureInPictureElement")
        await page.evaluate("""() => {
          const video = document.pictureInPictureElement;
          video.addEventListener("emptied", () => { heard.away ||= video.srcObject !== null; });
          Math.random = () => 0.5; // the pause before the next connection
        }""")
        await page.evaluate(HIDDEN, True)
        frames = "document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"
        before = await page.evaluate(frames)
        await page.wait_for_function(f"{frames} > {before} + 30")
        assert await page.evaluate("heard.pictures") == 1

        place.cut_all()
        await page.wait_for_function("heard.connections.some(({kind}) => kind === 'lost')")
        await page.wait_for_function("heard.pictures === 2")
        assert await page.evaluate("heard.away"), "nothing of the kitchen is seen meanwhile"
        await shows(page, *DARK)
        kept = "document.pictureInPictureElement === document.querySelector('video')"
        assert await page.evaluate(kept)
        assert await page.evaluate("heard.unseen") == 0
        await page.evaluate("document.exitPictureInPicture()")
        await place.demands.until(Demand(0, 0))
        assert await page.evaluate("heard.unseen") == 1
        assert await page.evaluate("stage.children.length") == 0


# Headless tabs are never hidden by themselves.
HIDDEN = """(hidden) => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
