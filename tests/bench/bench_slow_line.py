"""What a viewer's page shows on slow lines, straight and behind nginx's defaults.

Chromium watches `likelight demo` over lines of 150 ms; prints the rendition, the pictures a second,
how old they are by the barcode in them, and how wrong the page tells that. Asserts nothing.

    python tests/bench/bench_slow_line.py --mbit 1.6 0.7 0.2 --seconds 20
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.async_api import Browser

from support.chromium import chromium
from support.demo import demo
from support.nginx import nginx
from support.slow_proxy import SlowLine, slow_proxy

SETTLES_S = 12

# Each picture that is presented: when, and how old it is by its barcode (barcode.py); and whenever
# the page tells an age, the age of the picture then. Both ends have the machine's one clock.
WATCH = """() => {
  const seen = window.seen = {shown: [], told: [], wrong: []};
  const pen = new OffscreenCanvas(24, 1).getContext("2d", {willReadFrequently: true});
  const age = (video) => {
    const side = video.videoWidth / 40;
    pen.imageSmoothingEnabled = false;
    for (let block = 0; block < 24; block++) {
      pen.drawImage(video, (block + 0.4) * side, side * 0.4, side / 5, side / 5, block, 0, 1, 1);
    }
    const {data} = pen.getImageData(0, 0, 24, 1);
    let bits = 0;
    for (let block = 0; block < 24; block++) bits = bits * 2 + (data[4 * block] > 127);
    const stamp = bits >> 4;
    let check = bits & 15;
    for (let shift = 0; shift < 20; shift += 4) check ^= (stamp >> shift) & 15;
    return check ? null : (((Date.now() - stamp) % 1048576) + 1048576) % 1048576;
  };
  let followed = null;
  let last = null;
  const follow = () => {
    const video = document.querySelector("#stage video");
    if (video && video !== followed) {
      followed = video;
      const each = () => {
        const old = age(video);
        if (old !== null) {
          last = Date.now() - old;
          seen.shown.push([performance.now(), old]);
        }
        video.requestVideoFrameCallback(each);
      };
      video.requestVideoFrameCallback(each);
    }
  };
  setInterval(follow, 50);
  const delay = document.querySelector("#delay");
  new MutationObserver(() => {
    const told = parseFloat(delay.textContent);
    if (last !== null && told) seen.wrong.push(told - (Date.now() - last) / 1000);
  }).observe(delay, {childList: true, characterData: true, subtree: true});
}"""


async def measure(browser: Browser, url: str, seconds: float) -> dict[str, Any]:
    """Watch at `url`; return what was seen once the line had time to settle."""
    async with await browser.new_context(locale="en-GB") as context:
        page = await context.new_page()
        await page.goto(f"{url}/k/demo")
        await page.evaluate(WATCH)
        await asyncio.sleep(SETTLES_S)
        await page.evaluate("seen.shown = []; seen.wrong = []; seen.from = performance.now()")
        await asyncio.sleep(seconds)
        seen: dict[str, Any] = await page.evaluate(
            "({...seen, lasted: performance.now() - seen.from,"
            " rendition: stage.dataset.rendition, way: stage.dataset.way,"
            " words: document.querySelector('#delay').textContent})"
        )
    return seen


def row(name: str, mbit: float, seen: dict[str, Any]) -> str:
    """Return one line of the table."""
    ages = sorted(age for _, age in seen["shown"])
    if len(ages) < 2:
        return f"{name:8} {mbit:4.1f}   no picture ({seen['way']}, {seen['rendition']})"
    fps = len(ages) * 1000 / seen["lasted"]
    late = ages[int(len(ages) * 0.95)]
    wrong = max((abs(each) for each in seen["wrong"]), default=float("nan"))
    return (
        f"{name:8} {mbit:4.1f}   {seen['rendition']:6} {fps:5.1f}   {statistics.median(ages):5.0f}"
        f" / {late:5.0f} ms   {wrong:5.2f} s   {seen['words']}"
    )


async def main(rates: list[float], seconds: float, rtt_s: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state, configuration = Path(folder, "state"), Path(folder, "nginx")
        configuration.mkdir()
        print("line     Mbit/s  gets    fps    age p50 / p95      told wrong by   the page says")
        async with demo(state, "--barcode") as store, chromium() as browser:
            fronts: dict[str, AbstractAsyncContextManager[str]]
            for mbit in rates:
                fronts = {
                    "straight": nullcontext(store.url),
                    "nginx": nginx(configuration, store.url),
                }
                for name, front in fronts.items():
                    line = SlowLine(down_bytes_per_s=mbit * 125_000, delay_s=rtt_s / 2)
                    async with front as near, slow_proxy(near, line) as far:
                        print(row(name, mbit, await measure(browser, far.url, seconds)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mbit", type=float, nargs="+", default=[4.0, 1.6, 0.7, 0.2])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rtt", type=float, default=0.15, help="seconds there and back")
    options = parser.parse_args()
    asyncio.run(main(options.mbit, options.seconds, options.rtt))
