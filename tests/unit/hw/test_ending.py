"""A child that ends, one that has to be killed, and one that not even SIGKILL ends."""

import asyncio
import sys
from typing import cast

from likelight_hw.child.ending import end
from support.virtual import run_virtual


async def child(code: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-S", "-c", code, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    await process.stdout.readline()
    return process


async def test_a_child_may_end_by_itself() -> None:
    assert await end(await child("print('up', flush=True); raise SystemExit(3)"), 20) == 3


async def test_one_that_does_not_is_killed() -> None:
    deaf = "import time; print('up', flush=True); time.sleep(60)"
    assert await end(await child(deaf), 0.05) == -9
    assert await end(await child(deaf), 0) == -9


async def test_one_that_is_ended_by_a_cancelled_task_is_waited_for_too() -> None:
    process = await child("import time; print('up', flush=True); time.sleep(60)")

    async def own() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await end(process, 0.05)

    owner = asyncio.ensure_future(own())
    await asyncio.sleep(0)
    owner.cancel()
    await asyncio.wait([owner])
    assert process.returncode == -9


class Stuck:
    """A process in uninterruptible sleep."""

    pid = 4711
    returncode = None
    kills = 0

    def kill(self) -> None:
        self.kills += 1

    async def wait(self) -> int:
        await asyncio.Event().wait()
        raise AssertionError


def test_one_that_sleeps_in_a_driver_is_left_behind() -> None:
    stuck = Stuck()
    assert run_virtual(end(cast(asyncio.subprocess.Process, stuck), 1.0)) is None
    assert stuck.kills
