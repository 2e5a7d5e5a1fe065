"""A hung camera, as the whole device tells it: to IT, to the crew and to viewers."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from support.demo import Demo, demo
from support.waiting import WITHIN_S

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="finds the camera's process by way of Linux's /proc"
)


async def answers(running: Demo, path: str, words: str) -> None:
    """Ask for `path` again and again until the answer holds `words`, a regular expression."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            async with running.client.get(running.url + path) as reply:
                if re.search(words, await reply.text()):
                    return
            await asyncio.sleep(0.05)


async def test_the_reason_stands_in_health_metrics_and_on_the_crews_display(tmp_path: Path) -> None:
    async with demo(tmp_path) as running:
        url = f"{running.url}/k/demo/stream.mjpg"
        async with running.client.get(url) as stream:
            await running.until(lambda bench: bench["camera"] == "live")
            (child,) = (
                int(pid)
                for task in Path(f"/proc/{running.process.pid}/task").iterdir()
                for pid in (task / "children").read_text().split()
            )
            os.kill(child, signal.SIGSTOP)
            # All three at once: the next child works after some three seconds, in which a busy
            # machine may not get round to one after the other.
            await asyncio.gather(
                running.until(
                    lambda bench: (
                        bench["camera"] == "fault"
                        and "trouble" in " ".join(bench["display"]["text"])
                    )
                ),
                answers(running, "/healthz", r'"degraded", "reasons": \["camera"\]'),
                answers(running, "/metrics", r'likelight_camera_trouble{code="K1"} 1\.0'),
            )
            await running.until(lambda bench: bench["camera"] == "live")
            assert (await running.get("/healthz"))["status"] == "ok"
            assert not stream.content.at_eof(), "the viewer is still connected"
