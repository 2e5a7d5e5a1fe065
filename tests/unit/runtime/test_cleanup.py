"""Clean-up that ends in time, that fails, and that hangs."""

import asyncio

import pytest

from likelight.runtime.cleanup import finish_within, raise_if_cancelled
from support.virtual import run_virtual


async def test_work_that_ends_in_time_is_done_and_what_it_raises_is_raised() -> None:
    async def breaks() -> None:
        raise OSError("no such bus")

    assert await finish_within(asyncio.sleep(0), 20)
    with pytest.raises(OSError, match="no such bus"):
        await finish_within(breaks(), 20)


def test_work_that_hangs_is_left_also_by_a_task_that_is_being_cancelled() -> None:
    ended: list[object] = []

    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("the work")

    async def owner() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(await finish_within(hangs(), 2.0))

    async def scenario() -> None:
        task = asyncio.ensure_future(owner())
        await asyncio.sleep(0)
        began = asyncio.get_running_loop().time()
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0)
        assert asyncio.get_running_loop().time() - began == pytest.approx(2.0)
        assert sorted(map(str, ended)) == ["False", "the work"]

    run_virtual(scenario())


async def test_a_cancellation_is_not_lost_with_the_error_of_a_child() -> None:
    line_ends = asyncio.Event()

    async def listens() -> None:
        await line_ends.wait()
        raise ConnectionError("the relay ended the line")

    async def component() -> None:
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(listens())
                    await asyncio.Event().wait()
            except* ConnectionError:
                pass
            raise_if_cancelled()
            line_ends.clear()

    task = asyncio.create_task(component())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    line_ends.set()
    await asyncio.sleep(0)
    task.cancel()  # SIGTERM, in the instant in which the line ends
    done, _ = await asyncio.wait([task], timeout=100)
    assert done
    assert task.cancelled()
