"""A page with nothing but a player on it, in real Chromium, and a camera for it to show."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from aiohttp import web
from playwright.async_api import Browser, Page

from likelight.contract import State
from support.feed import Kitchen, kitchen, now_us
from support.pictures import CAMERA_SHADE, HEIGHT, WIDTH, Unit, encode, jpeg

PAGE = """<!doctype html><title>stage</title><div id=stage></div><script type=module>
import {Player} from "/player/player.js";
window.heard = {states: [], connections: [], pictures: 0, delays: [], told: [], unseen: 0};
window.player = new Player({
  stage: document.querySelector("#stage"), base: "/k/demo", label: "The kitchen",
  now: () => Date.now() + (window.ahead ?? 0),
  onState: (state) => heard.states.push(state),
  onConnection: (connection) => heard.connections.push(connection),
  onPicture: () => heard.pictures++,
  onUnseen: () => heard.unseen++,
  onDelay: (seconds, slow) => {
    heard.delays.push(seconds);
    heard.told.push([seconds, slow, document.querySelector("video")?.currentTime, Date.now()]);
  },
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


async def player_page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


@asynccontextmanager
async def stage(
    browser: Browser,
    *,
    init_script: str = "",
    blocked: tuple[str, ...] = (),
    front: Callable[[str], AbstractAsyncContextManager[str]] = nullcontext,
) -> AsyncIterator[tuple[Kitchen, Page]]:
    """Open a page with nothing but a player on it; no request for what is `blocked` arrives.

    It has a browser context of its own, without cache or anything else of the page before. `front`
    puts a proxy between the kitchen's address and the one that is opened.
    """
    async with (
        kitchen(web.get("/", player_page)) as place,
        front(place.url) as url,
        await browser.new_context() as context,
    ):
        page = await context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        if init_script:
            await page.add_init_script(init_script)
        for path in blocked:
            await page.route(f"**/{path}*", lambda route: route.abort())
        await page.goto(url)
        yield place, page
        assert not errors, errors


async def shows(page: Page, low: int, high: int) -> None:
    """Return when the grey on the screen lies between `low` and `high`."""
    await page.wait_for_function(
        f"() => {{ const s = ({SHADE})(); return s >= {low} && s < {high}; }}", timeout=90_000
    )


async def camera(
    place: Kitchen, *, units: Sequence[Unit] | None = None, age_us: int = 0, fps: int = 30
) -> None:
    """Roll at `fps` for ever, H.264 and, when it is asked for, JPEG.

    Each was captured `age_us` before it is pushed.
    """
    units = units or encode([CAMERA_SHADE] * 30)
    picture = jpeg(CAMERA_SHADE)
    loop = asyncio.get_running_loop()
    began, number = loop.time(), 0
    while True:
        unit = units[number % len(units)]
        place.hub.publish(unit.data, keyframe=unit.keyframe, captured_us=now_us() - age_us)
        if place.hub.demand.jpeg:
            place.hub.publish_jpeg(picture, captured_us=now_us() - age_us)
        number += 1
        await asyncio.sleep(max(0.0, began + number / fps - loop.time()))


# Decoded luma 40 is shown as about 28 (video range), 60 as 51, 190 as 203.
DARK, BRIGHT = (10, 100), (150, 256)

NO_SOCKET = "delete window.WebSocket;"
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
