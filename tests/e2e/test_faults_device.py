"""A hung camera, as the whole device tells it: to IT, to the crew and to viewers."""

import os
import signal
import sys
from pathlib import Path

import pytest

from support.demo import demo

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="finds the camera's process by way of Linux's /proc"
)


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
            bench = await running.until(
                lambda bench: "trouble" in " ".join(bench["display"]["text"])
            )
            assert bench["camera"] == "fault"
            health = await running.get("/healthz")
            assert health["camera_code"] == "K1"
            assert health["camera_reason"]
            async with running.client.get(f"{running.url}/metrics") as reply:
                assert 'likelight_camera_trouble{code="K1"} 1.0' in await reply.text()
            await running.until(lambda bench: bench["camera"] == "live")
            assert (await running.get("/healthz"))["camera_restarts"] == 1
            assert not stream.content.at_eof(), "the viewer is still connected"
