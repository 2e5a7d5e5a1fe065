"""Devices whose cloud comes back after an outage: how many it hears and answers in one second."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from likelight.appreciation.sync.client import CloudBusy, Unreachable
from likelight.appreciation.sync.inbox import Inbox
from likelight.appreciation.sync.like_totals import Arrival
from likelight.appreciation.sync.poll import Poller
from likelight.appreciation.sync.store import DeviceStore
from likelight.contract import Events, Likes, Status, StatusReply, Viewers
from likelight.runtime.clock import Now, loop_time
from likelight.web.http.problems import ProblemError
from likelight_cloud.kitchens.returning import Returning
from support.virtual import run_virtual, virtual_now

DEVICES = 500
MEAN = DEVICES / 60
"""Devices a second, if all came back evenly within the 60 s of their longest pause."""


class Cloud:
    """Is away for `outage_s`; after that each device gets its turn. Times are since the end."""

    def __init__(self, outage_s: float, devices: int, now: Now) -> None:
        self.devices = devices
        self.heard: dict[str, float] = {}
        self.answered: dict[str, float] = {}
        self._back_at = loop_time() + outage_s
        self._returning = Returning(devices)
        self._now = now

    async def events(
        self, cursor: str | None, dv: int, wait: int, boot_id: str | None = None
    ) -> Events:
        assert boot_id is not None
        await asyncio.sleep(0.005)
        since = loop_time() - self._back_at
        if since < 0:
            raise Unreachable("the cloud is away")
        self.heard.setdefault(boot_id, since)
        if boot_id not in self.answered:
            try:
                await self._returning.turn()
            except ProblemError as busy:
                raise CloudBusy(float(busy.headers["Retry-After"])) from busy
            self.answered[boot_id] = loop_time() - self._back_at
        await asyncio.sleep(wait)
        return Events(
            cursor="c",
            epoch="e",
            server_time=self._now(),
            likes=Likes(total=0, delta=0, rate=0),
            viewers=Viewers(),
        )

    async def status(self, status: Status) -> StatusReply:
        raise NotImplementedError


class Forgetful(Inbox):
    """Stores nothing: what a device keeps has no influence on when it asks."""

    async def receive(self, events: Events, arrival: Arrival) -> None:
        self.cursor = events.cursor


class NoLamp:
    def likes(self, delta: int, total: int) -> None: ...

    def welcome_back(self, delta: int, total: int) -> None: ...


def inbox(path: Path, now: Now) -> Inbox:
    return Forgetful(
        DeviceStore(path, kitchen="demo", now=now),
        NoLamp(),
        now=now,
        on_desired=lambda _: None,
        on_viewers=lambda _: None,
        on_events=lambda: None,
        on_receipt=lambda: None,
    )


async def outage(cloud: Cloud, seed: int, path: Path, now: Now) -> None:
    """Let devices poll until all are answered again."""
    devices = cloud.devices
    async with asyncio.TaskGroup() as group:
        polling = [
            group.create_task(
                Poller(
                    cloud,
                    inbox(path, now),
                    boot_id=f"boot-{number}",
                    rng=random.Random(f"{seed} {number}"),
                    on_connection=lambda _: None,
                ).run()
            )
            for number in range(devices)
        ]
        while len(cloud.answered) < devices:
            await asyncio.sleep(1)
        for poll in polling:
            poll.cancel()


def peak(times: dict[str, float]) -> int:
    """Return the most in one second."""
    return max(Counter(int(at) for at in times.values()).values())


@pytest.mark.parametrize("seed", range(4))
def test_500_devices_are_answered_evenly_after_an_outage(tmp_path: Path, seed: int) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = Cloud(300, DEVICES, now)
        await outage(cloud, seed, tmp_path / "device.db", now)
        assert peak(cloud.answered) <= 2 * MEAN
        # Chance alone: the most of 500 in 60 seconds is 2.4 times the mean in 1 of 30 outages.
        assert peak(cloud.heard) <= 2.4 * MEAN
        firsts = Counter(int(at // 20) for at in cloud.heard.values())
        assert all(140 <= firsts[third] <= 195 for third in range(3)), "no crowd at the beginning"
        waits = [cloud.answered[boot] - cloud.heard[boot] for boot in cloud.heard]
        assert max(waits) < 3
        assert max(cloud.answered.values()) < 65

    run_virtual(scenario())


@pytest.mark.parametrize("seed", range(10))
def test_a_kitchen_alone_is_back_a_few_seconds_after_a_restart(tmp_path: Path, seed: int) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = Cloud(1, 1, now)
        await outage(cloud, seed, tmp_path / "device.db", now)
        assert cloud.answered == pytest.approx(cloud.heard, abs=0.001)
        assert max(cloud.answered.values()) <= 4

    run_virtual(scenario())


def test_more_than_the_cloud_takes_are_told_when_to_ask_again(tmp_path: Path) -> None:
    """All at the same moment, as after a restart of something before the cloud."""

    async def scenario() -> None:
        now = virtual_now()
        cloud = Cloud(0, DEVICES, now)
        await outage(cloud, 1, tmp_path / "device.db", now)
        assert peak(cloud.answered) <= 2 * MEAN
        assert max(cloud.answered.values()) < 150

    run_virtual(scenario())
