"""A wall on a screen that nobody touches: two live kitchens, one that is private, one closed."""

from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from likelight.contract import State
from likelight.runtime.clock import loop_time
from likelight_cloud.wall_page.files import PREFIX, WALL
from support.chromium import needs_chromium
from support.cloud_server import ServedCloud, cloud_server
from support.pages import chromium_page, photograph
from support.waiting import until
from support.wall import add_kitchen, filming, report

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

LANDSCAPE: ViewportSize = {"width": 1920, "height": 1080}
UPRIGHT: ViewportSize = {"width": 1080, "height": 1920}
PHONE: ViewportSize = {"width": 390, "height": 844}

PLAYS = """kid => {
  const video = document.querySelector(`[data-kid="${kid}"][data-open][data-shown] video`);
  return video?.currentTime > 0.3;
}"""
# What a viewer sees of the tiles, in CSS pixels.
BOXES = """() => [...document.querySelectorAll(".kitchen[data-shown]")].map((tile) => {
  const {left, top, right, bottom} = tile.getBoundingClientRect();
  return [left, top, right, bottom];
})"""
# As the script does once the first `n` have a picture.
SHOW = """n => {
  document.querySelectorAll(".kitchen").forEach((tile, i) => {
    tile.hidden = i >= n;
    tile.toggleAttribute("data-shown", i < n);
  });
  dispatchEvent(new Event("resize"));
}"""
# Hearts last a second: each is noted as it comes, by the kitchen over which it rises.
NOTE_HEARTS = """() => {
  window.risen = [];
  const added = (records) => records.flatMap(({addedNodes}) => [...addedNodes]);
  new MutationObserver((records) => added(records).forEach((heart) => {
    const seen = heart.firstChild.getBoundingClientRect();
    const x = seen.left + seen.width / 2;
    for (const tile of document.querySelectorAll(".kitchen[data-shown]")) {
      const {left, right} = tile.getBoundingClientRect();
      if (left <= x && x <= right) risen.push(tile.dataset.kid);
    }
  })).observe(document.getElementById("flights"), {childList: true});
}"""

# What the page asks of the browser, and whether it has heard of its kitchens. It looks for a new
# version each 3 minutes then; else it is 3 to 5, by chance.
WATCH_THE_PAGE = """
  window.kept = [];
  Object.defineProperty(navigator, "wakeLock", {value: {request: async (what) => kept.push(what)}});
  Math.random = () => 0;
  window.EventSource = class extends EventSource {
    constructor(address) {
      super(address);
      this.addEventListener("wall", () => { window.heard = true; });
    }
  };
"""
OLDER = f"{PREFIX}/wall.js"
SCRIPT = "document.querySelector('script[src]').getAttribute('src')"


async def watched(site: ServedCloud, kid: str) -> bool:
    """Return whether the device of `kid` is told that somebody watches."""
    return (await site.cloud.cloud.kitchen(kid)).viewers().watching


async def kitchens(site: ServedCloud, states: dict[str, State]) -> None:
    for kid, state in states.items():
        await add_kitchen(site.cloud.cloud.store, kid, f"Store {kid}", state)


async def test_those_that_are_open_are_shown_and_one_that_turns_private_leaves_and_comes_back(
    browser: Browser, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(cloud_server(tmp_path / "cloud.db"))
        store = site.cloud.cloud.store
        states = {"mill": State.LIVE, "bay": State.LIVE, "inn": State.PRIVATE, "pier": State.CLOSED}
        await kitchens(site, states)
        devices = [
            await stack.enter_async_context(filming(site.public, kid)) for kid in ("mill", "bay")
        ]
        address = f"{site.public}/wall?k={','.join(states)}"
        page: Page = await stack.enter_async_context(
            chromium_page(browser, "about:blank", viewport=LANDSCAPE)
        )
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        await page.goto(address)
        for kid in ("mill", "bay"):
            await page.wait_for_function(PLAYS, arg=kid, timeout=90_000)
            assert await watched(site, kid)
        await photograph(page, "wall")
        for kid in ("inn", "pier"):
            assert not await page.locator(f'[data-kid="{kid}"]').is_visible()
            assert not await watched(site, kid)
        await expect(page.locator("#cover")).to_be_hidden()  # it fades
        said = await page.locator("main").inner_text()
        assert said.split("\n") == [
            "Our kitchens, live",
            "Store mill",
            "SIMULATED",
            "Store bay",
            "SIMULATED",
        ]
        assert sum("/wall/live" in url for url in asked) == 1, "one event stream for all"
        assert sorted(url.split("/")[4] for url in asked if "/ws?" in url) == ["bay", "mill"]
        assert await page.context.cookies() == []
        assert await page.evaluate("localStorage.length + sessionStorage.length") == 0

        await page.evaluate(NOTE_HEARTS)
        body = {"n": 9, "batch": "01234567-89ab-cdef-0123-456789abcdef"}
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{site.public}/v1/kitchens/bay/likes", json=body) as reply:
                assert reply.status == 202
        await page.wait_for_function("() => risen.length === 3")
        assert set(await page.evaluate("risen")) == {"bay"}

        # PRIVACY in one, closing time in the other: dark at once, and after the same time away.
        narrow = (await page.evaluate(BOXES))[0]
        await devices[1].gate(State.PRIVATE)
        await expect(page.locator('[data-kid="bay"][data-open]')).to_have_count(0)
        await report(store, "bay", State.PRIVATE)
        await report(store, "mill", State.CLOSED)
        await expect(page.locator("[data-shown]")).to_have_count(0)
        await expect(page.locator("#cover")).to_be_visible()
        await expect(page.locator("#what")).to_have_text("No kitchen is open just now.")
        assert not await watched(site, "bay")
        await photograph(page, "wall-none")

        # The cloud ends, and another process begins: nobody needs to touch the screen.
        cloud = site.cloud.cloud
        cloud.end()
        await until(lambda: cloud.event_streams == 0)
        cloud.ending = False
        await devices[1].gate(State.LIVE)
        await report(store, "bay", State.LIVE)
        await page.wait_for_function(PLAYS, arg="bay", timeout=90_000)
        await expect(page.locator("#cover")).to_be_hidden()
        (wide,) = await page.evaluate(BOXES)
        assert wide[2] - wide[0] > 1.5 * (narrow[2] - narrow[0])

        await page.goto("about:blank")
        bay = await site.cloud.cloud.kitchen("bay")
        await until(lambda: bay.audience.count(loop_time()) == 0)


async def test_each_number_of_pictures_fills_each_screen_and_without_a_script_there_are_links(
    browser: Browser, tmp_path: Path
) -> None:
    kids = [f"store-{n}" for n in range(9)]
    async with cloud_server(tmp_path / "cloud.db") as site:
        await kitchens(site, dict.fromkeys(kids, State.CLOSED))
        address = f"{site.public}/wall?k={','.join(kids)}"
        async with chromium_page(browser, address, calm=True) as page:
            for size in (LANDSCAPE, UPRIGHT, PHONE):
                await page.set_viewport_size(size)
                for n in (1, 2, 3, 4, 6, 9):
                    await page.evaluate(SHOW, n)
                    assert_well_laid_out(await page.evaluate(BOXES), n, size)
        async with chromium_page(browser, address, javascript=False) as page:
            links = page.get_by_role("link")
            await expect(links).to_have_count(9)
            assert await links.first.get_attribute("href") == "/k/store-0?lang=en"
            await expect(links.first).to_be_visible()


async def test_a_screen_stays_awake_moves_its_picture_and_loads_a_new_version(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        cloud_server(tmp_path / "cloud.db") as site,
        chromium_page(browser, "about:blank", viewport=LANDSCAPE, calm=True) as page,
    ):
        await kitchens(site, {"mill": State.CLOSED})
        address = f"{site.public}/wall?k=mill"
        await page.clock.install()
        await page.add_init_script(WATCH_THE_PAGE)

        async def older(route: Route) -> None:
            reply = await route.fetch()
            page_now = await reply.text()
            await route.fulfill(response=reply, body=page_now.replace(WALL.script, OLDER))

        async def cut(route: Route) -> None:
            await route.abort()

        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        # A version from before: what the stream tells is another script's address.
        await page.route(address, older)
        await page.goto(address)
        assert await page.evaluate(SCRIPT) == OLDER
        await page.wait_for_function("window.heard", timeout=90_000)
        assert await page.evaluate("kept") == ["screen"]
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        assert await page.evaluate("kept") == ["screen", "screen"], "a hidden page has lost it"
        main = page.locator("main")
        assert await main.evaluate("main => main.style.translate") == ""
        await page.clock.fast_forward(60_000)
        assert await main.evaluate("main => main.style.translate") == "3px 2px"
        await page.unroute(address)
        async with page.expect_event("load", timeout=90_000):
            await page.clock.fast_forward(3 * 60_000)
        assert await page.evaluate(SCRIPT) == WALL.script

        # The version of now: it is loaded anew only where the stream tells nothing for 5 minutes.
        await page.wait_for_function("window.heard", timeout=90_000)
        await page.evaluate("window.same = true")
        await page.clock.fast_forward(3 * 60_000)
        assert await page.evaluate("window.same")
        await page.route("**/v1/wall/live?*", cut)
        await page.evaluate("dispatchEvent(new Event('online'))")  # it connects anew
        async with page.expect_event("load", timeout=90_000):
            await page.clock.fast_forward(6 * 60_000)
        assert sum(url == address for url in asked) == 5, "asked for, and then loaded, two times"


def assert_well_laid_out(boxes: list[list[float]], n: int, size: ViewportSize) -> None:
    said = (n, size, boxes)
    assert len(boxes) == n
    for left, top, right, bottom in boxes:
        assert left >= 0, said
        assert top >= 0, said
        assert right <= size["width"], said
        assert bottom <= size["height"], said
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            beside = one[2] <= other[0] or other[2] <= one[0]
            assert beside or one[3] <= other[1] or other[3] <= one[1], said
    covered = sum((box[2] - box[0]) * (box[3] - box[1]) for box in boxes)
    assert covered > 0.25 * size["width"] * size["height"], said
