"""The loop, closed: the real page in Chromium against the whole demo."""

import asyncio
import json
from pathlib import Path

from playwright.async_api import Page, expect

from likelight.gate.marker import MARKER_FILE, Marker
from likelight_hw.sim.kitchen import LAMP_BOX
from support.busy import BUSY
from support.chromium import chromium, needs_chromium
from support.demo import Demo, demo
from support.pages import DESKTOP, BenchPage, ViewerPage, chromium_page, photograph
from support.waiting import WITHIN_S

pytestmark = needs_chromium

MEAN_LUMA = """
([x0, y0, x1, y1]) => {
  const video = document.querySelector("#stage video");
  const [w, h] = [video.videoWidth, video.videoHeight];
  const context = new OffscreenCanvas(32, 32).getContext("2d");
  context.drawImage(video, x0 * w, y0 * h, (x1 - x0) * w, (y1 - y0) * h, 0, 0, 32, 32);
  const {data} = context.getImageData(0, 0, 32, 32);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4)
    sum += 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
  return sum / (data.length / 4);
}
"""
LAMP_BRIGHTER_THAN = f"""([box, luma]) => ({MEAN_LUMA})(box) > luma"""
PICTURE = "() => document.querySelector('#stage video')?.videoWidth > 0"
BOX = list(LAMP_BOX)


async def a_picture(page: Page) -> None:
    await page.wait_for_function(PICTURE, timeout=90_000)


async def test_a_tap_lights_the_lamp_in_the_kitchen_and_in_the_picture(tmp_path: Path) -> None:
    async with demo(tmp_path) as running, chromium() as browser:
        async with chromium_page(browser, f"{running.url}/k/demo") as page:
            viewer = ViewerPage(page)
            await a_picture(page)
            await viewer.says("Live from the kitchen")
            await expect(viewer.badge).to_contain_text("SIMULATED")
            await running.until(lambda bench: bench["lamp"]["level"] < 0.4 and bench["on_air"])
            resting = await page.evaluate(MEAN_LUMA, BOX)

            await viewer.tap()
            await page.wait_for_function(LAMP_BRIGHTER_THAN, arg=[BOX, resting + 5])
            await viewer.receives("Your like lit the lamp at ")
            await viewer.counts(1)
            bench = await running.bench()
            assert (bench["likes_lit"], bench["viewers"], bench["camera"]) == (1, 1, "live")
            await photograph(page, "loop-tap")

            await viewer.note("heroes").click()
            await viewer.receives("Your note is on the kitchen's screen")
            bench = await running.bench()
            assert bench["display"]["screen"] == "note"
            assert "heroes" in " ".join(bench["display"]["text"])
            assert len(bench["notes_shown"]) == 1
            await running.press("thanks")
            await viewer.receives("The crew says thanks")
            await photograph(page, "loop-thanks")


async def test_twenty_quick_taps_are_few_requests_and_all_count(tmp_path: Path) -> None:
    async with demo(tmp_path) as running, chromium() as browser:
        async with chromium_page(browser, f"{running.url}/k/demo") as page:
            viewer = ViewerPage(page)
            sent: list[int] = []
            page.on(
                "request",
                lambda request: (
                    sent.append(json.loads(request.post_data or "{}")["n"])
                    if request.url.endswith("/likes")
                    else None
                ),
            )
            await viewer.tap(20)
            await viewer.counts(20)
            assert (await running.summary())["likes"]["total"] == 20
            assert sent[0] == 1, "the first tap goes at once"
            assert len(sent) <= 3, sent


async def test_privacy_from_the_bench_reaches_the_page_and_survives_a_kill(tmp_path: Path) -> None:
    async with chromium() as browser:
        async with (
            demo(tmp_path) as running,
            chromium_page(browser, f"{running.url}/k/demo") as page,
            chromium_page(browser, f"{running.url}/bench", viewport=DESKTOP) as wall,
        ):
            viewer, bench = ViewerPage(page), BenchPage(wall)
            await a_picture(page)
            await viewer.says("Live from the kitchen")
            await bench.button("PRIVACY").click()
            await page.wait_for_function(
                "() => document.querySelector('#state').textContent"
                ".startsWith('The crew is taking a private moment')",
                timeout=BUSY * 1000,
            )
            assert not (await running.bench())["on_air"]
            await viewer.tap()
            await viewer.receives("Your like lit the lamp at ")
            await photograph(page, "loop-private")
            await photograph(wall, "loop-private-bench")

            await bench.button("PRIVACY").click()
            await viewer.says("Live from the kitchen")
            assert (await running.bench())["on_air"]
            await bench.button("PRIVACY").click()
            # The gate shuts first, and the press is kept after.
            async with asyncio.timeout(WITHIN_S):
                while await asyncio.to_thread(
                    lambda: Marker(tmp_path / MARKER_FILE, "demo").says_shared
                ):
                    await asyncio.sleep(0.05)
            running.kill()
            await running.process.wait()
        async with demo(tmp_path) as again:
            await _stays_private(again)


async def _stays_private(running: Demo) -> None:
    async with running.client.ws_connect(f"{running.url}/k/demo/ws") as socket:
        async with asyncio.timeout(WITHIN_S):
            while "private" not in str((await socket.receive()).data):
                pass
        bench = await running.bench()
    assert (bench["camera"], bench["on_air"], bench["viewers"]) == ("private", False, 1)


async def test_the_page_tells_that_the_kitchen_is_gone_and_comes_back(tmp_path: Path) -> None:
    async with chromium() as browser:
        async with demo(tmp_path) as running:
            port = int(running.url.rsplit(":", 1)[1])
            context = await browser.new_context()
            page = await context.new_page()
            await page.goto(f"{running.url}/k/demo")
            viewer = ViewerPage(page)
            await viewer.says("Live from the kitchen")
        await expect(viewer.state).to_contain_text("We lost the connection. Trying again in")
        async with demo(tmp_path, port=port):
            await expect(viewer.state).to_have_text("Live from the kitchen", timeout=90_000)
        await context.close()
