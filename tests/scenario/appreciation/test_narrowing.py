"""A cloud that can't take a part of the status: the rest arrives, and that part is asked once."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from likelight.appreciation.sync.client import Invalid
from likelight.contract import State, Status, StatusReply
from likelight.runtime.clock import Now
from support.device import CODES, Device
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now


class PickyCloud(ScriptedCloud):
    """Answers 422 to each status that `is_wrong`; `refused` are those."""

    def __init__(self, now: Now) -> None:
        super().__init__(now)
        self.is_wrong: Callable[[Status], bool] = lambda status: False
        self.refused: list[Status] = []

    async def status(self, status: Status) -> StatusReply:
        if self.is_wrong(status):
            self.refused.append(status)
            raise Invalid("the cloud can't take what was sent (status 422)")
        return await super().status(status)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.message for one in caplog.records if one.name.endswith("sync.narrowing")]


async def thanks(device: Device) -> None:
    device.thanks.press()
    await asyncio.sleep(0.1)
    device.thanks.release()


@pytest.mark.parametrize("wrong", [[0], [2], [1, 3], [0, 1, 2, 3]])
def test_a_receipt_that_the_cloud_cant_take_is_dropped_and_all_others_arrive(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, wrong: list[int]
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = PickyCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            bad: set[str] = set()
            cloud.is_wrong = lambda status: any(note.id in bad for note in status.notes)
            sent = [cloud.note(code) for code in CODES[:4]]
            bad.update(sent[index] for index in wrong)
            await asyncio.sleep(60)
            assert set(cloud.shown) == set(sent) - bad
            assert sorted(said(caplog)) == sorted(
                f"The cloud can't take the receipt of the note {note}: it is dropped, and the "
                "sender never gets it"
                for note in bad
            )
            refusals = len(cloud.refused)
            late = {cloud.note(CODES[4]) for _ in range(3)}
            device.turn(State.PRIVATE)
            await asyncio.sleep(3600)
            assert cloud.camera_state == "private"
            assert late <= set(cloud.shown)
            told = [{note.id for note in status.notes} for _, status in cloud.statuses]
            assert late in told, "together, as ever"
            assert len(cloud.refused) == refusals, "what was dropped is asked no more"

    caplog.set_level(logging.WARNING)
    run_virtual(scenario())


@pytest.mark.parametrize(
    "is_wrong",
    [
        lambda status: status.thanks is not None,
        lambda status: status.health.uptime_s is not None,
        lambda status: status.health.disk_free_mb is not None and status.thanks is not None,
        lambda status: status.light.last_lit_at is not None,
        lambda status: status.cursor is not None,
    ],
    ids=["thanks", "a figure", "both", "a time", "the cursor"],
)
def test_without_what_the_cloud_cant_take_the_rest_of_the_status_arrives(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, is_wrong: Callable[[Status], bool]
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = PickyCloud(now)
        cloud.is_wrong = is_wrong
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.like(3)
            notes = [cloud.note(code) for code in CODES[:3]]
            await asyncio.sleep(60)
            await thanks(device)
            await asyncio.sleep(600)
            assert cloud.lit_total == 3
            assert set(cloud.shown) == set(notes)
            assert set(cloud.thanked) == set(notes)
            assert len(said(caplog)) == 1
            assert "thanks, times and figures are left out until the next start" in said(caplog)[0]
            refusals = len(cloud.refused)
            device.turn(State.CLOSED)
            await asyncio.sleep(3600)
            assert cloud.camera_state == "closed"
            assert len(cloud.refused) == refusals

    caplog.set_level(logging.WARNING)
    run_virtual(scenario())


def test_a_cloud_that_takes_nothing_is_asked_at_most_as_in_an_outage_and_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = PickyCloud(now)
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            cloud.is_wrong = lambda status: True
            notes = [cloud.note(code) for code in CODES[:3]]
            await asyncio.sleep(3600)
            assert len(cloud.refused) < 250
            assert cloud.refused[-1].notes == ()
            cloud.is_wrong = lambda status: False
            device.turn(State.CLOSED)
            await asyncio.sleep(600)
            assert set(cloud.shown) == set(notes)
            assert len(said(caplog)) == 1

    caplog.set_level(logging.WARNING)
    run_virtual(scenario())


def test_a_start_after_an_update_tries_the_whole_status_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        now = virtual_now()
        cloud = PickyCloud(now)
        cloud.is_wrong = lambda status: status.thanks is not None
        async with Device(tmp_path / "device.db", cloud, now).living() as device:
            await asyncio.sleep(10)
            await thanks(device)
            await asyncio.sleep(60)
            assert cloud.statuses[-1][1].thanks is None
        cloud.is_wrong = lambda status: False
        async with Device(tmp_path / "device.db", cloud, now).living():
            await asyncio.sleep(10)
            last = cloud.statuses[-1][1]
            assert last.thanks is not None
            assert last.health.uptime_s is not None

    run_virtual(scenario())
