"""What polls the embedded cloud starts when that answers, or when it has waited long enough."""

import asyncio

import pytest
from aiohttp import web

from likelight.daemon.embedded_cloud import AfterCloud
from support.virtual import run_virtual


class Poller:
    """A component that says when it started."""

    def __init__(self) -> None:
        self.started: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        self.started.set_result(loop.time())
        await loop.create_future()


class Cloud:
    """An embedded cloud that answers `after` some seconds, or never."""

    def __init__(self, after: float | None) -> None:
        self.ready = asyncio.Event()
        if after is not None:
            asyncio.get_running_loop().call_later(after, self.ready.set)

    def mount(self, app: web.Application) -> None: ...

    def enrol(self, kid: str, name: str, token: str) -> None: ...

    async def run(self) -> None: ...


@pytest.mark.parametrize(("answers_after", "starts_after"), [(0.5, 0.5), (5.0, 2.0), (None, 2.0)])
def test_it_starts_with_the_cloud_and_after_two_seconds_at_the_latest(
    answers_after: float | None, starts_after: float
) -> None:
    async def scenario() -> None:
        began, poller = asyncio.get_running_loop().time(), Poller()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(AfterCloud(poller, Cloud(answers_after)).run())
            assert await poller.started - began == pytest.approx(starts_after, abs=1e-6)
            running.cancel()

    run_virtual(scenario())


def test_without_an_embedded_cloud_it_starts_at_once() -> None:
    async def scenario() -> None:
        began, poller = asyncio.get_running_loop().time(), Poller()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(AfterCloud(poller, None).run())
            assert await poller.started - began == pytest.approx(0, abs=1e-6)
            running.cancel()

    run_virtual(scenario())
