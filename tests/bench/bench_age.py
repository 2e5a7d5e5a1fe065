"""How old the page's picture is when it is presented, and how evenly it moves.

Chromium watches a real `likelight demo` with the player as it is here and, in turns, with that of
an earlier commit. When a picture was captured is what its `prft` box says, which the tests of the
camera hold to the barcode in the picture; when it was presented says requestVideoFrameCallback.
Prints the median of the rounds and the ratio, asserts nothing.

    python tests/bench/bench_age.py --rounds 6 --seconds 6
    python tests/bench/bench_age.py --delay 20 --jitter 30    # ms, on a line that jitters
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.async_api import Browser, Route

from support.chromium import chromium
from support.demo import demo
from support.priority import prefer
from support.slow_proxy import SlowLine, slow_proxy

CHECKOUT = Path(__file__).parents[2]
FOLDER = "firmware/likelight/feed/player/"

BEFORE = "34fb492"
"""The last commit whose player kept 0.11 s in its buffer, whatever the line was like."""

FREEZE_MS = 183
"""A picture of 30 a second that stands so long is a freeze: `freezeCount` of W3C's webrtc-stats."""

SETTLE_S = 4.0
"""The join passes, and the margin finds its size."""

# Any page of the demo's own origin will do to put a player on.
START = """async (folder) => {
  const {Player} = await import(`/${folder}/player.js`);
  const stage = document.createElement("div");
  document.body.replaceChildren(stage);
  new Player({stage, base: "/k/demo"}).start();
}"""

# All times are wall time in ms; kitchen and page are on one machine and so have one clock.
WATCH = """{
  const log = window.log = {came: [], shown: [], waiting: 0};
  const wall = (at) => performance.timeOrigin + at;
  window.WebSocket = class extends WebSocket {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", ({data}) => {
        if (typeof data === "string") return;
        const view = new DataView(data);
        if (view.byteLength < 32 || view.getUint32(4) !== 0x70726674 /* prft */) return;
        const captured = view.getUint32(16) - 2_208_988_800 + view.getUint32(20) / 2 ** 32;
        const time = Number(view.getBigUint64(24)) / 90_000;
        log.came.push([time, captured * 1000, wall(performance.now())]);
      });
    }
  };
  let seen = null;
  setInterval(() => {
    const video = document.querySelector("video");
    if (!video || video === seen) return;
    seen = video;
    video.addEventListener("waiting", () => log.waiting++);
    const note = (_, {mediaTime, presentationTime}) => {
      log.shown.push([mediaTime, wall(presentationTime), wall(performance.now())]);
      if (video === seen) video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
  }, 20);
}"""


@dataclass(frozen=True)
class Round:
    """What one viewer saw; times in ms."""

    line: list[float]
    """From each picture's capture to the page's script: camera, encoder, hub and network."""
    presented: list[float]
    """From its capture to the compositor."""
    told: list[float]
    """From its capture to the script that hears of it, up to one refresh of the screen later."""
    gaps: list[float]
    """Between two pictures."""
    waiting: int


FIGURES: dict[str, Callable[[Round], float]] = {
    "to the script, p50": lambda seen: percentile(seen.line, 0.5),
    "to the script, p95": lambda seen: percentile(seen.line, 0.95),
    "presented, p50": lambda seen: percentile(seen.presented, 0.5),
    "presented, p95": lambda seen: percentile(seen.presented, 0.95),
    "heard of, p50": lambda seen: percentile(seen.told, 0.5),
    "heard of, p95": lambda seen: percentile(seen.told, 0.95),
    "longest gap": lambda seen: max(seen.gaps),
    "freezes": lambda seen: sum(gap > FREEZE_MS for gap in seen.gaps),
    "waiting": lambda seen: seen.waiting,
}


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def seen_after(log: dict[str, Any], since: float) -> Round:
    """Return what was seen after `since`."""
    captured = {round(time, 3): at for time, at, _ in log["came"]}
    pictures = [
        (captured[round(time, 3)], presented, told)
        for time, presented, told in log["shown"]
        if presented > since and round(time, 3) in captured
    ]
    return Round(
        line=[came - at for _, at, came in log["came"] if came > since],
        presented=[presented - at for at, presented, _ in pictures],
        told=[told - at for at, _, told in pictures],
        gaps=[after - before for (_, before, _), (_, after, _) in pairwise(pictures)],
        waiting=log["waiting"],
    )


def player_of(revision: str) -> dict[str, bytes]:
    """Return the modules of the player at `revision`, by name."""

    def git(*arguments: str) -> bytes:
        command = ["git", "-C", str(CHECKOUT), *arguments]
        return subprocess.run(command, check=True, capture_output=True).stdout

    files = git("ls-tree", "--name-only", revision, FOLDER).decode().splitlines()
    modules = [file for file in files if file.endswith(".js")]
    return {Path(file).name: git("show", f"{revision}:{file}") for file in modules}


async def one_round(
    browser: Browser, url: str, folder: str, before: dict[str, bytes], seconds: float
) -> Round:
    """Watch with the player of `folder` on a page of its own."""

    async def module(route: Route) -> None:
        body = before[route.request.url.rpartition("/")[2]]
        await route.fulfill(body=body, content_type="text/javascript")

    async with await browser.new_context() as context:
        page = await context.new_page()
        await page.add_init_script(WATCH)
        await page.route("**/player-before/*.js", module)
        await page.goto(f"{url}/robots.txt")
        await page.evaluate(START, folder)
        await page.wait_for_function("() => log.shown.length > 0", timeout=60_000)
        await asyncio.sleep(SETTLE_S)
        since = await page.evaluate(
            "() => { log.waiting = 0; return performance.timeOrigin + performance.now(); }"
        )
        await asyncio.sleep(seconds)
        return seen_after(await page.evaluate("log"), since)


@asynccontextmanager
async def over(line: SlowLine, url: str) -> AsyncIterator[str]:
    """Yield `url`, or that of a proxy in front of it where the line is more than the loopback."""
    if not (line.delay_s or line.jitter_s):
        yield url
        return
    async with slow_proxy(url, line) as proxy:
        yield proxy.url


async def main(options: argparse.Namespace) -> None:
    before = player_of(options.before)
    line = SlowLine(delay_s=options.delay / 1000, jitter_s=options.jitter / 1000)
    folders = {"before": "player-before", "now": "player"}
    rounds: dict[str, list[Round]] = {name: [] for name in folders}
    with tempfile.TemporaryDirectory() as state:
        async with (
            demo(Path(state)) as running,
            chromium() as browser,
            over(line, running.url) as url,
        ):
            if options.prefer:
                prefer(os.getpid())
            for number in range(options.rounds):
                for name, folder in folders.items():
                    seen = await one_round(browser, url, folder, before, options.seconds)
                    rounds[name].append(seen)
                    figures = "  ".join(f"{figure(seen):.0f}" for figure in FIGURES.values())
                    print(f"round {number + 1} {name:6} {figures}", file=sys.stderr, flush=True)
    print(f"ms from capture, median of {options.rounds} rounds of {options.seconds:.0f} s")
    print(f"{'':20}{'before':>8}{'now':>8}   ratio")
    for figure, of in FIGURES.items():
        was, now = (statistics.median(map(of, rounds[name])) for name in folders)
        ratio = f"{now / was:8.2f}" if was else ""
        print(f"{figure:20}{was:8.0f}{now:8.0f}{ratio}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=6, help="of each player, in turns")
    parser.add_argument("--seconds", type=float, default=6.0, help="measured in each round")
    parser.add_argument("--before", default=BEFORE, help="the commit to compare with")
    parser.add_argument("--delay", type=float, default=0.0, help="ms, one way")
    parser.add_argument("--jitter", type=float, default=0.0, help="ms more, at most")
    parser.add_argument(
        "--prefer", action="store_true", help="before a busy machine's other work (Linux, root)"
    )
    asyncio.run(main(parser.parse_args()))
