"""A camera that another program holds: reported in words, and back as soon as it is free."""

import asyncio
import fcntl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.process import CameraProcess
from likelight_hw.camera.timeouts import CameraTimeouts
from likelight_hw.ports import CameraPhase
from support.camera import SPECS, Recorder, children

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="follows processes by way of Linux's /proc"
)

CHILD = Path(__file__).parents[2] / "support" / "held_camera.py"
NO_SECOND_CHILD = CameraTimeouts(pauses_s=(300.0,))


@asynccontextmanager
async def held_at(where: str, lock: Path) -> AsyncIterator[tuple[CameraProcess, Recorder]]:
    """Run a camera that is asked to stream, whose source refuses while somebody has `lock`."""
    child = (sys.executable, str(CHILD), str(lock), where)
    config = CameraConfig(width=640, height=360)
    camera, sink = CameraProcess(config, timeouts=NO_SECOND_CHILD, command=child), Recorder()
    camera.start()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(camera.run(sink, SPECS))
        yield camera, sink
        task.cancel()


def descriptors(child: int) -> int:
    """Return how many files and sockets the process `child` has open."""
    return len(list(Path(f"/proc/{child}/fd").iterdir()))


@pytest.mark.parametrize("where", ["open", "start", "picture"])
async def test_a_source_that_was_busy_is_back_without_a_new_process(
    where: str, tmp_path: Path
) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    with lock.open() as somebody:
        fcntl.flock(somebody, fcntl.LOCK_EX)
        async with held_at(where, lock) as (camera, sink):
            await sink.until(lambda: CameraPhase.FAILED in sink.phases)
            told = camera.status
            assert (told.code, told.reason) == ("K3", "another program is using the camera")
            (child,) = children()
            fcntl.flock(somebody, fcntl.LOCK_UN)
            await sink.until(lambda: sink.phases[-1] is CameraPhase.STREAMING)
            assert sink.phases.count(CameraPhase.FAILED) == 1
            assert sink.units[0].keyframe
            assert [spec.name for spec in sink.placeholders] == [spec.name for spec in SPECS]
            assert (children(), camera.restarts) == ({child}, 0)


async def test_many_tries_cost_nothing_and_end_when_nobody_wants_a_picture(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    with lock.open() as somebody:
        fcntl.flock(somebody, fcntl.LOCK_EX)
        async with held_at("picture", lock) as (camera, sink):
            await sink.until(lambda: len(sink.formats) == 3)
            (child,) = children()
            before = descriptors(child)
            await sink.until(lambda: len(sink.formats) == 20)
            assert descriptors(child) < before + 5, "a few may be open in the middle of a try"
            assert sink.phases.count(CameraPhase.FAILED) == 1, "one outage, told once"
            camera.stop()
            await sink.until(lambda: sink.phases[-1] is CameraPhase.STOPPED)
            assert (children(), camera.restarts) == ({child}, 0)


async def test_a_driver_that_hangs_in_letting_go_is_killed_as_one_that_gives_no_picture(
    tmp_path: Path,
) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    with lock.open() as somebody:
        fcntl.flock(somebody, fcntl.LOCK_EX)
        async with held_at("letting go", lock) as (camera, sink):
            await sink.until(lambda: bool(children()))
            (child,) = children()
            await sink.until(lambda: camera.status.code is not None)
            camera.stop()
            await sink.until(lambda: child not in children())
            assert "K3" not in {status.code for status in sink.statuses}
