"""How old the page's picture is on a slow line behind nginx's defaults, and how old it says it is.

Chromium watches a stream of 2 Mbit/s for a minute over a line of 120 kB/s; prints the told and the
true age of each fifth second, asserts nothing.

    python tests/bench/bench_slow_line.py --seconds 60 --kb 120
"""

import argparse
import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.chromium import chromium
from support.nginx import nginx
from support.player_behind_proxy import watched
from support.slow_proxy import SlowLine


async def main(seconds: int, kb: float) -> None:
    line = SlowLine(down_bytes_per_s=1000 * kb)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            chromium() as browser,
            watched(browser, line, before_line=partial(nginx, Path(folder))) as far,
        ):
            await asyncio.sleep(seconds)
            pairs = await far.pairs()
    print("second   told   true")
    for second, (said, true) in enumerate(pairs):
        if not second % 5:
            print(f"{second:6}   {said:4.1f}   {true:4.1f} s")
    wrong = max(abs(said - true) for said, true in pairs)
    print(f"told wrong by {wrong:.2f} s at most; the oldest {max(true for _, true in pairs):.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--kb", type=float, default=120, help="kB a second that the line carries")
    options = parser.parse_args()
    asyncio.run(main(options.seconds, options.kb))
