import asyncio
import time

import pytest

from support.virtual import run_virtual, virtual_now


def test_an_hour_passes_at_once() -> None:
    async def scenario() -> None:
        now = virtual_now()
        before, started = now(), time.monotonic()
        await asyncio.sleep(3600)
        assert (now() - before).total_seconds() == pytest.approx(3600)
        assert time.monotonic() - started < 30

    run_virtual(scenario())


def test_the_clock_waits_for_a_job_in_an_executor() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(5):
            await asyncio.to_thread(sum, range(1_000_000))
        assert loop.time() == pytest.approx(began, abs=0.01)

    run_virtual(scenario())
