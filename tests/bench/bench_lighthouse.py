"""What Lighthouse says of the viewer's page on a phone: five runs against a real demo, the median.

Lighthouse comes from npm with the hashes in `lighthouse/package-lock.json`. `benchmarkIndex` is its
own measure of this machine: performance compares only between runs whose index is alike. What other
work takes from a busy machine counts as the page's there, so the CPU time of its longest task is
printed beside. Prints, asserts nothing.

    python tests/bench/bench_lighthouse.py --runs 5
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.chromium import EXECUTABLE
from support.demo import demo

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
METRICS = (
    "first-contentful-paint",
    "largest-contentful-paint",
    "total-blocking-time",
    "cumulative-layout-shift",
    "speed-index",
)
# Lighthouse records from about:blank on. Chromium opens the page in another renderer process, which
# begins to record at its own time: where the page came first, as on an idle machine, the record had
# no beginning (NO_NAVSTART). With these it stays in the process that records already.
ONE_RENDERER = "--renderer-process-limit=1 --disable-site-isolation-trials"
RUN_S = 150.0
INSTALL_S = 300.0


async def run(*command: str, folder: Path, within: float) -> None:
    """Run `command` in `folder`; raise with its words when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, "CHROME_PATH": EXECUTABLE or "", "PUPPETEER_SKIP_DOWNLOAD": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(within):
        said, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{command[0]} failed:\n{said.decode()[-2000:]}")


async def judged(url: str, folder: Path) -> Any:
    """Return Lighthouse's report of one visit to `url`."""
    await run(
        "node",
        "node_modules/lighthouse/cli/index.js",
        url,
        "--quiet",
        "--output=json",
        "--output-path=report.json",
        "--save-assets",
        f"--only-categories={','.join(CATEGORIES)}",
        # The page's streams never end: it would wait for silence until then.
        "--max-wait-for-load=12000",
        f"--chrome-flags=--headless=new --no-sandbox --disable-gpu {ONE_RENDERER}",
        folder=folder,
        within=RUN_S,
    )
    report = json.loads(await asyncio.to_thread(Path(folder, "report.json").read_text))
    record = json.loads(await asyncio.to_thread(Path(folder, "report-0.trace.json").read_text))
    return report | {"longest_task_ms": longest_task_ms(record["traceEvents"])}


def longest_task_ms(events: list[Any]) -> float:
    """Return the CPU time of the longest task of the page's main thread."""
    began = next(
        event
        for event in events
        if event["name"] == "navigationStart" and event["args"]["data"]["documentLoaderURL"]
    )
    thread = (began["pid"], began["tid"])
    tasks = (event for event in events if event["name"] == "RunTask")
    own = (task for task in tasks if (task["pid"], task["tid"]) == thread)
    return max(task.get("tdur", 0) for task in own if task["ts"] >= began["ts"]) / 1000


async def measure(runs: int) -> None:
    reports = []
    with tempfile.TemporaryDirectory() as tools, tempfile.TemporaryDirectory() as state:
        folder = Path(tools)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(Path(__file__).parent / "lighthouse" / name, folder)
        npm = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
        await run(*npm, folder=folder, within=INSTALL_S)
        async with demo(Path(state)) as running:
            for _ in range(runs):
                reports.append(await judged(f"{running.url}/k/demo", folder))
    print(f"load {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores")
    print(f"benchmarkIndex {median(reports, lambda r: r['environment']['benchmarkIndex']):.0f}")
    for name in CATEGORIES:
        scores = [round(100 * report["categories"][name]["score"]) for report in reports]
        print(f"{name}: {statistics.median(scores):.0f} of {scores}")
    for name in METRICS:
        print(f"{name}: {median(reports, lambda r, of=name: r['audits'][of]['numericValue']):.3f}")
    longest = median(reports, lambda r: r["longest_task_ms"])
    print(f"longest task: {longest:.0f} ms of CPU; a phone is taken to be 4 times as slow")
    for name in CATEGORIES[1:]:
        for wanting in lacking(reports[-1], name):
            print(f"{name} lacks: {wanting}")


def median(reports: list[Any], figure: Any) -> float:
    return statistics.median(figure(report) for report in reports)


def lacking(report: Any, category: str) -> list[str]:
    """Return the titles of the audits of `category` that took points away."""
    audits = [report["audits"][ref["id"]] for ref in report["categories"][category]["auditRefs"]]
    return [audit["title"] for audit in audits if audit["score"] is not None and audit["score"] < 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5, help="how many visits (default 5)")
    asyncio.run(measure(parser.parse_args().runs))


if __name__ == "__main__":
    main()
