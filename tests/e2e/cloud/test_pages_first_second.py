"""What a viewer's browser asks for and draws before the picture, and on a reload."""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from playwright.async_api import Browser, Page, Response, expect

from likelight_cloud.page.bundle import bundle
from likelight_cloud.page.files import BUNDLED
from support.chromium import needs_chromium
from support.feed import kitchen
from support.pages import DESKTOP, PHONE, ViewerPage, chromium_page
from support.serving import serving
from support.stage import live
from support.stub_cloud import StubCloud, page_files

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

OPENED = """window.opened = [];
for (const name of ["WebSocket", "EventSource", "fetch"]) {
  const note = () => opened.push(name);
  window[name] = new Proxy(window[name], {
    construct(target, given) { note(); return new target(...given); },
    apply(target, self, given) { note(); return target.apply(self, given); },
  });
}"""
"""Notes what the page's script asks for, in its order."""

MOVED = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const shifts = list.getEntries().filter((shift) => !shift.hadRecentInput);
    resolve(shifts.reduce((sum, shift) => sum + shift.value, 0));
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => resolve(0), 300);
})"""
"""The layout shifts since the page began: all of them, which is more than CLS counts."""


def noting(route: web.RouteDef, note: Callable[[str], None]) -> web.RouteDef:
    """Return `route`, which notes each path that it is asked for."""
    handler: Handler = route.handler  # type: ignore[assignment]

    async def noted(request: web.Request) -> web.StreamResponse:
        note(request.path)
        return await handler(request)

    return web.RouteDef(route.method, route.path, noted, route.kwargs)


async def pictured(page: Page) -> None:
    await expect(page.locator("#kitchen[data-open]")).to_have_count(1)


async def slow_line(page: Page) -> None:
    """Let each answer take 150 ms, and 1.6 Mbit/s: what comes late is drawn late."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    line = {"offline": False, "latency": 150, "downloadThroughput": 200_000}
    await devtools.send("Network.emulateNetworkConditions", line | {"uploadThroughput": 200_000})


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_before_the_picture_few_small_requests_and_nothing_moves(
    browser: Browser, viewport: Any
) -> None:
    asked: list[str] = []
    cloud = StubCloud(files=BUNDLED)
    routes = [noting(route, asked.append) for route in cloud.routes()]
    async with kitchen(*routes) as place, asyncio.TaskGroup() as group:
        rolling = await live(place, group)
        async with chromium_page(browser, "about:blank", viewport=viewport) as page:
            await page.add_init_script(OPENED)
            await slow_line(page)
            replies: list[Response] = []
            page.on("response", lambda reply: replies.append(reply))
            await page.goto(f"{place.url}/k/demo")
            await pictured(page)

            fonts = {path for path in asked if path.endswith(".woff2")}
            streams = {"/v1/kitchens/demo/live"}
            assert set(BUNDLED.fonts) == fonts
            assert len([path for path in asked if path not in streams]) <= 8, asked
            sizes = {
                reply.url.removeprefix(place.url): (await reply.request.sizes())["responseBodySize"]
                for reply in replies
                if reply.request.resource_type not in ("eventsource", "websocket")
            }
            assert all(sizes[font] <= 18 * 1024 for font in fonts)
            assert sum(size for path, size in sizes.items() if path not in fonts) <= 45 * 1024

            opened = await page.evaluate("opened")
            assert opened[0] == "WebSocket", "it takes longest, and nothing has to be known for it"
            assert opened.count("WebSocket") == opened.count("fetch") == 1
            blocking = await page.evaluate(
                "performance.getEntriesByType('resource')"
                ".filter((entry) => entry.renderBlockingStatus === 'blocking')"
                ".map((entry) => new URL(entry.name).pathname)"
            )
            assert blocking == list(BUNDLED.styles)
            assert await page.evaluate(MOVED) < 0.02

            asked.clear()
            await page.reload()
            await pictured(page)
            assert sorted({*asked} - streams) == ["/k/demo", "/v1/kitchens/demo/watching"], asked
        rolling.cancel()


@pytest.mark.parametrize("form", ["bundled", "apart"])
async def test_the_page_does_the_same_as_one_script_and_as_its_modules(
    browser: Browser, form: str
) -> None:
    cloud = StubCloud(files=page_files(form))
    async with (
        serving(cloud.routes()) as url,
        chromium_page(browser, f"{url}/k/demo") as page,
    ):
        viewer = ViewerPage(page)
        await page.wait_for_function("() => window.player")
        for call in ("onConnection({kind: 'connected'})", "onState('live')", "onPicture()"):
            await page.evaluate(f"player.options.{call}")
        await pictured(page)
        await viewer.like.click()
        await viewer.receives("Sent")
        await viewer.note("heroes").click()
        cloud.note_shown()
        await viewer.receives("Your note is on the kitchen's screen")
        await page.evaluate("player.options.onState('private')")
        await viewer.says("The crew is taking a private moment. Your likes still reach them.")


async def test_a_bundle_of_any_modules_does_what_they_do(browser: Browser) -> None:
    """Twenty random graphs of modules: the same order of execution, the same values."""
    rng = random.Random(20)
    graphs = [some_modules(rng) for _ in range(20)]
    files = {
        f"/{number}{path}": source
        for number, graph in enumerate(graphs)
        for path, source in graph.items()
    }

    async def module(request: web.Request) -> web.Response:
        return web.Response(text=files[request.path], content_type="text/javascript")

    async def empty(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html>", content_type="text/html")

    for number, graph in enumerate(graphs):
        files[f"/{number}/all.js"] = bundle("/m0.js", graph)
    async with (
        serving([web.get("/", empty), web.get("/{number}/{name}", module)]) as url,
        chromium_page(browser, url) as page,
    ):
        did = await page.evaluate("""async (count) => {
          const run = async (address) => { window.log = []; await import(address); return log; };
          const all = [];
          for (let number = 0; number < count; number++)
            all.push([await run(`/${number}/m0.js`), await run(`/${number}/all.js`)]);
          return all;
        }""", len(graphs))  # fmt: skip
    assert any(len(apart) > 4 for apart, _ in did)
    for (apart, together), graph in zip(did, graphs, strict=True):
        assert apart == together, graph


def some_modules(rng: random.Random) -> dict[str, str]:
    """Return up to 7 modules; each imports some of the later ones, and logs what it got."""
    count = rng.randint(2, 7)
    modules = {}
    for number in range(count):
        later = range(number + 1, count)
        others = sorted(rng.sample(later, rng.randint(0, min(3, len(later)))))
        lines = [f"// module {number}", "/** and", " * more */"] if rng.random() < 0.5 else []
        for other in others:
            names = f"value as v{other}, add as add{other}"
            lines.append(f'import {{ {names} }} from "./m{other}.js";')
        total = " + ".join(["1", *(f"add{other}(v{other})" for other in others)])
        # Names that other modules have, too.
        lines += [
            "const hidden = 2;",
            f"export const value = {total} + hidden;",
            "export function add(n) {",
            f"  return n + {number}; // {rng.choice(('/*', '*/', '//', 'import'))}",
            "}",
            f"log.push({json.dumps(f'm{number} //')} + value);",
        ]
        modules[f"/m{number}.js"] = "\n".join(lines) + "\n"
    return modules
