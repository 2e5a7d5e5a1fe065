"""What an LL-HLS viewer costs: straight from the device, and at a Varnish edge in front of it.

The demo, Debian's Varnish and the viewers are processes of their own on the same cores. Direct and
edge alternate, because on a busy machine only figures of one run compare.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.demo import demo
from support.varnish import Edge, edge, measured

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pids: Iterable[int]) -> float:
    """Return the CPU time that these processes have used."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total * TICK_S


def family(pid: int) -> list[int]:
    """Return `pid` and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


async def main(viewers: list[int], seconds: float) -> None:
    print("viewers   way      us of CPU a viewer and second   requests/s at the origin   later by")
    with tempfile.TemporaryDirectory() as folder:
        async with demo(Path(folder) / "state") as place:
            async with edge(place.url, Path(folder)) as varnish:
                for count in viewers:
                    servers = {
                        "direct": (Edge(place.url, varnish.workdir, place.process.pid), False),
                        "edge": (varnish, True),
                    }
                    for way, (server, cached) in servers.items():
                        pids = family(server.pid) if cached else [server.pid]
                        before = cpu_s(pids)
                        found = await measured(place, server, count, seconds)
                        cost = (cpu_s(pids) - before) / found.lasted / count * 1e6
                        row = f"{count:7}   {way:6}   {cost:33.0f}"
                        if cached:
                            row += f"   {found.origin_requests:24.1f}   {found.delay_ms:5.0f} ms"
                        print(row)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, nargs="+", default=[50, 100, 200])
    parser.add_argument("--seconds", type=float, default=6)
    given = parser.parse_args()
    asyncio.run(main(given.viewers, given.seconds))
