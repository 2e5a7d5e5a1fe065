"""How long from opening the page to the picture, while somebody else watches already.

Opens the page of a real `likelight demo` in fresh profiles, and asks the page for its own times:
first paint, the WebSocket's request, the picture. The baseline is the first paint of the same
visit, which needs page, stylesheet and nothing of the stream. Prints, asserts nothing.

    python tests/bench/bench_first_second.py --visits 10
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.async_api import Browser

from support.chromium import chromium
from support.demo import demo
from support.pages import PHONE

NOTE = """
window.at = {};
window.WebSocket = new Proxy(window.WebSocket, {
  construct(target, given) { at.socket ??= performance.now(); return new target(...given); },
});
new MutationObserver(() => {
  if (document.querySelector("main[data-open]")) at.picture ??= performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true});
"""
TIMES = """() => [
  performance.getEntriesByName("first-contentful-paint")[0]?.startTime, at.socket, at.picture,
]"""


async def visit(browser: Browser, url: str) -> tuple[float, float, float]:
    """Return when first paint, the socket's request and the picture came, in milliseconds."""
    async with await browser.new_context(viewport=PHONE) as context:
        page = await context.new_page()
        await page.add_init_script(NOTE)
        await page.goto(url)
        await page.wait_for_function("() => at.picture", timeout=30_000)
        paint, socket, picture = await page.evaluate(TIMES)
        return paint, socket, picture


async def measure(visits: int) -> None:
    with tempfile.TemporaryDirectory() as state:
        async with demo(Path(state)) as running, chromium() as browser:
            url = f"{running.url}/k/demo"
            async with await browser.new_context() as other:
                watcher = await other.new_page()
                await watcher.goto(url)
                await watcher.wait_for_selector("main[data-open]", timeout=30_000)
                times = [await visit(browser, url) for _ in range(visits)]
    paints, sockets, pictures = zip(*times, strict=True)
    ratios = [picture / paint for paint, _, picture in times]
    for name, values in (("first paint", paints), ("socket asked", sockets), ("picture", pictures)):
        print(f"{name}: median {statistics.median(values):.0f} ms, most {max(values):.0f} ms")
    print(f"picture / first paint: {statistics.median(ratios):.2f}, n {visits}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--visits", type=int, default=10, help="how many (default 10)")
    asyncio.run(measure(parser.parse_args().visits))


if __name__ == "__main__":
    main()
