"""The device is killed or loses power at any instant, again and again: no note or like is lost or
added."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from blockbuster import BlockBuster
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from likelight.appreciation.sync.client import Unreachable
from likelight.contract import Events, Status, StatusReply
from support.device import CODES, Device
from support.diary import Diary
from support.scripted_cloud import ScriptedCloud
from support.virtual import run_virtual, virtual_now
from support.watched_store import (
    WatchedStore,
    copy_what_a_kill_leaves,
    copy_what_a_power_cut_leaves,
)


@dataclass(frozen=True)
class Act:
    """After `gap` seconds a viewer sends `likes` likes, or the note `code`."""

    gap: float
    likes: int = 0
    code: str | None = None


acts = st.lists(
    st.builds(Act, st.floats(0, 4), likes=st.integers(1, 50))
    | st.builds(Act, st.floats(0, 4), code=st.sampled_from(CODES[:4])),
    min_size=1,
    max_size=8,
)
# Each life ends at its n-th perceptible step: a gesture, a picture, a commit begun or done.
crashes = st.lists(st.integers(1, 30), min_size=1, max_size=3)


class StrictCloud(ScriptedCloud):
    """Refuses to believe a receipt for light or a note that nobody can have seen."""

    def __init__(self, now: Callable[[], datetime], lives: list[Diary]) -> None:
        super().__init__(now)
        self._lives = lives

    async def status(self, status: Status) -> StatusReply:
        seen = [entry for life in self._lives for entry in life]
        assert status.light.lit_total <= self.total
        lit = [entry.value for entry in seen if entry.what == "lit"]
        assert status.light.lit_total == 0 or status.light.lit_total in lit
        on_panel = {entry.value for entry in seen if entry.what == "note on the panel"}
        codes = {note.id: note.code for note in self.notes}
        assert all(codes[receipt.id] in on_panel for receipt in status.notes)
        return await super().status(status)


class Line:
    """The wire to the cloud, which dies with the device."""

    def __init__(self, cloud: ScriptedCloud, diary: Diary) -> None:
        self._cloud = cloud
        self._diary = diary

    async def events(
        self, cursor: str | None, dv: int, wait: int, boot_id: str | None = None
    ) -> Events:
        self._check()
        return await self._cloud.events(cursor, dv, wait, boot_id)

    async def status(self, status: Status) -> StatusReply:
        self._check()
        return await self._cloud.status(status)

    def _check(self) -> None:
        if self._diary.closed:
            raise Unreachable("the device has no power")


async def live_and_die(
    disk: Path,
    left: Path,
    cloud: ScriptedCloud,
    now: Callable[[], datetime],
    diary: Diary,
    last_step: int | None,
    seed: int,
    copy_what_is_left: Callable[[WatchedStore, Path], None],
) -> None:
    """Live to the end of `last_step`, or for 150 s; `left` is then what is left of `disk`."""
    died = asyncio.Event()
    device = Device(disk, Line(cloud, diary), now, seed=seed, diary=diary)

    def die() -> None:
        copy_what_is_left(device.store, left)
        diary.closed = True
        died.set()

    diary.on_entry = lambda: die() if len(diary) == last_step else None
    async with asyncio.TaskGroup() as group:
        task = group.create_task(device.run())
        try:
            async with asyncio.timeout(150):
                await died.wait()
        except TimeoutError:
            die()
        task.cancel()


async def send(cloud: ScriptedCloud, script: list[Act]) -> None:
    for act in script:
        await asyncio.sleep(act.gap)
        if act.code is not None:
            cloud.note(act.code)
        else:
            cloud.like(act.likes)


# One fixture for all examples does: it only lets our own power cut stop the loop.
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    script=acts,
    last_steps=crashes,
    dead_s=st.sampled_from([0.0, 2.0, 100.0]),
    end=st.sampled_from([copy_what_a_kill_leaves, copy_what_a_power_cut_leaves]),
)
def test_kills_and_power_cuts_lose_nothing_and_make_nothing_up(
    nothing_blocks_the_loop: BlockBuster,
    script: list[Act],
    last_steps: list[int],
    dead_s: float,
    end: Callable[[WatchedStore, Path], None],
) -> None:
    for function in ("sqlite3.Connection.execute", "io.BufferedWriter.write"):
        nothing_blocks_the_loop.functions[function].can_block_in(
            "support/watched_store.py", {"copy_what_a_kill_leaves", "copy_what_a_power_cut_leaves"}
        )

    async def scenario(folder: Path) -> None:
        now = virtual_now()
        lives: list[Diary] = []
        cloud = StrictCloud(now, lives)
        async with asyncio.TaskGroup() as viewers:
            viewers.create_task(send(cloud, script))
            for life, last_step in enumerate([*last_steps, None]):
                lives.append(Diary())
                disk, left = folder / f"{life}.db", folder / f"{life + 1}.db"
                await live_and_die(disk, left, cloud, now, lives[-1], last_step, life, end)
                await asyncio.sleep(dead_s)
        assert cloud.lit_total == cloud.total
        assert set(cloud.shown) == {note.id for note in cloud.notes}
        for code in CODES:
            times_sent = sum(note.code == code for note in cloud.notes)
            times_shown = sum(diary.of("note on the panel").count(code) for diary in lives)
            assert (times_sent > 0) <= times_shown <= times_sent + len(last_steps)
        assert all(len(diary.of("welcome back")) <= 1 for diary in lives)
        posts = [(status.boot_id, status.n) for _, status in cloud.statuses]
        assert len(set(posts)) == len(posts)

    with tempfile.TemporaryDirectory() as directory:
        run_virtual(scenario(Path(directory)))
