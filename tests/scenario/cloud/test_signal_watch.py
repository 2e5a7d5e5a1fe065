"""A cloud that serves looks for signals: pictures that do not come, and PRIVACY unseen."""

import asyncio
from pathlib import Path

import aiohttp

from likelight.contract import State
from support.cloud import KID, bearer, status
from support.cloud_server import ServedCloud, cloud_server
from support.virtual import run_virtual, virtual_now


class Kitchen:
    """A device that says what it is told, and one viewer."""

    def __init__(self, site: ServedCloud, session: aiohttp.ClientSession) -> None:
        self._site = site
        self._session = session
        self._n = 0

    async def passes(self, seconds: int, state: State = State.LIVE) -> None:
        """Let time pass: the device polls and reports, and the viewer's page says so."""
        for _ in range(seconds // 10):
            self._n += 1
            query = {"wait": "0", "dv": "1", "boot_id": "boot-1"}
            api, device = f"/v1/kitchens/{KID}", bearer()
            camera = {"state": state.value, "since": "2026-11-21T11:59:00Z", "cause": "demand"}
            for request in (
                self._session.get(f"{api}/events", params=query, headers=device),
                self._session.post(
                    f"{api}/status", json=status(n=self._n, camera=camera), headers=device
                ),
                self._session.post(f"{api}/watching", json={"view": "0" * 22}),
            ):
                async with request as reply:
                    assert reply.status < 300, await reply.text()
            await asyncio.sleep(10)

    async def signals(self) -> float:
        """Return how many kitchens' pictures do not come, as /metrics has it."""
        async with aiohttp.ClientSession() as admin, admin.get(f"{self._site.admin}/metrics") as r:
            for line in (await r.text()).splitlines():
                if line.startswith('likelight_cloud_signals{kind="pictures"}'):
                    return float(line.split()[1])
        raise AssertionError("no such metric")


def test_pictures_that_do_not_come_for_a_minute_are_a_signal(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with cloud_server(tmp_path / "cloud.db", now=virtual_now()) as site:
            async with aiohttp.ClientSession(site.public) as session:
                kitchen = Kitchen(site, session)
                began = asyncio.get_running_loop().time()
                while not await kitchen.signals():
                    await kitchen.passes(10)
                assert 60 < asyncio.get_running_loop().time() - began < 120
                (begun,) = await site.cloud.cloud.store.signals.open_signals()
                # PRIVACY neither ends it nor begins it anew, and no figure tells of the press.
                await kitchen.passes(30, State.PRIVATE)
                assert await kitchen.signals() == 1
                await kitchen.passes(30)
                assert await site.cloud.cloud.store.signals.open_signals() == (begun,)
                assert await kitchen.signals() == 1
                (loaded,) = site.cloud.cloud.loaded_kitchens()
                for _ in range(20):
                    loaded.arrival.picture_came()
                    await asyncio.sleep(0.5)
                await kitchen.passes(10)
                assert await kitchen.signals() == 0
                assert await site.cloud.cloud.store.signals.open_signals() == ()

    run_virtual(scenario())
