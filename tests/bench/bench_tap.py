"""How long from a tap to the lamp, and to the lamp's light in the decoded video on the page.

Drives the real page of a real `likelight demo` in Chromium on this machine, and reads the video's
pixels. Each tap waits until the lamp is back at its base. Prints percentiles, asserts nothing.

    python tests/bench/bench_tap.py --taps 40
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from datetime import datetime
from typing import Any

from likelight.appreciation.lamp.effects import BASES, Base
from likelight_hw.sim.kitchen import LAMP_BOX
from support.chromium import chromium
from support.demo import Demo, demo

WATCH = """
([x0, y0, x1, y1]) => {
  const video = document.querySelector("#stage video");
  const canvas = new OffscreenCanvas(64, 48);
  const context = canvas.getContext("2d", {willReadFrequently: true});
  const luma = () => {
    const [w, h] = [video.videoWidth, video.videoHeight];
    context.drawImage(video, x0 * w, y0 * h, (x1 - x0) * w, (y1 - y0) * h, 0, 0, 64, 48);
    const {data} = context.getImageData(0, 0, 64, 48);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4)
      sum += 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
    return sum / (data.length / 4);
  };
  const log = (window.frames_ = []);
  const onFrame = () => {
    log.push([performance.now(), luma()]);
    if (log.length > 600) log.splice(0, 300);
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
}
"""

TAP = """
() => {
  window.frames_.length = 0;
  const at = performance.now();
  document.querySelector("#like").click();
  return [at, performance.timeOrigin + at];
}
"""

SEEN = """
async ([since, threshold]) => {
  const deadline = performance.now() + 3000;
  while (performance.now() < deadline) {
    const hit = window.frames_.find(([at, luma]) => at >= since && luma >= threshold);
    if (hit) return hit[0] - since;
    await new Promise(requestAnimationFrame);
  }
  return null;
}
"""


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


async def at_base(running: Demo) -> None:
    """Wait until the lamp shows no more than the ambience of a kitchen on air."""
    await running.until(
        lambda bench: bench["on_air"] and bench["lamp"]["level"] <= BASES[Base.ON_AIR].level + 0.005
    )


async def one_tap(running: Demo, page: Any) -> tuple[float, float | None]:
    """Return milliseconds from the tap to the lamp, and to its light on the page."""
    await at_base(running)
    await asyncio.sleep(0.4)
    resting = await page.evaluate("() => window.frames_.slice(-10).map(([, luma]) => luma)")
    threshold = max(resting) + STEP_OF_A_TENTH
    since, wall_ms = await page.evaluate(TAP)
    seen = await page.evaluate(SEEN, [since, threshold])
    async with asyncio.timeout(5):
        while True:
            lit_at = (await running.summary())["lamp"]["last_lit_at"]
            if lit_at and (lit := datetime.fromisoformat(lit_at).timestamp() * 1000) > wall_ms:
                return lit - wall_ms, seen
            await asyncio.sleep(0.05)


STEP_OF_A_TENTH = 5.0
"""Mean luma in the lamp's box for base + 0.1; see sim/kitchen.py."""


async def measure(taps: int) -> None:
    with tempfile.TemporaryDirectory() as state:
        async with demo(Path(state)) as running, chromium() as browser:
            page = await browser.new_page(viewport={"width": 390, "height": 844})
            began = asyncio.get_running_loop().time()
            await page.goto(f"{running.url}/k/demo")
            await page.wait_for_function(
                "() => document.querySelector('#stage video')?.videoWidth > 0", timeout=15_000
            )
            print(f"picture after {asyncio.get_running_loop().time() - began:.2f} s")
            await page.evaluate(WATCH, list(LAMP_BOX))
            await asyncio.sleep(2)
            lamp: list[float] = []
            picture: list[float] = []
            for tap in range(taps):
                to_lamp, to_picture = await one_tap(running, page)
                lamp.append(to_lamp)
                if to_picture is not None:
                    picture.append(to_picture)
                print(f"\rtap {tap + 1} of {taps}", end="", file=sys.stderr, flush=True)
            print(file=sys.stderr)
    for name, values in (("tap to lamp", lamp), ("tap to picture", picture)):
        print(
            f"{name}: p50 {statistics.median(values):.0f} ms, p95 {percentile(values, 0.95):.0f} ms"
            f", max {max(values):.0f} ms, n {len(values)} of {taps}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--taps", type=int, default=30, help="how many taps (default 30)")
    asyncio.run(measure(parser.parse_args().taps))


if __name__ == "__main__":
    main()
