"""Whatever happens to requests and replies: totals are exact, notes in order and without a gap."""

import asyncio
import tempfile
import uuid
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support.cloud import Site, WallClock, serving

Step = tuple[str, int]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["like", "like twice"]), st.integers(1, 20)),
        st.tuples(st.sampled_from(["note", "note twice"]), st.just(0)),
        st.tuples(st.sampled_from(["poll", "poll, reply lost"]), st.integers(1, 3)),
        st.tuples(st.just("hours"), st.integers(1, 7)),
        st.tuples(st.sampled_from(["forget cursor", "restart"]), st.just(0)),
        st.tuples(st.just("at once"), st.integers(2, 5)),
    ),
    max_size=25,
)


class Device:
    """A device that stores what it is told, and believes only that."""

    def __init__(self) -> None:
        self.cursor: str | None = None
        self.likes = 0
        self.total = 0
        self.notes: dict[str, int] = {}
        self.dropped = 0

    async def poll(self, site: Site, most: int, *, lost: bool = False) -> bool:
        """Poll once; return whether there is nothing more to come."""
        reply = await site.poll(self.cursor, max_notes=most)
        assert reply.status == 200
        if lost:
            return False
        body = reply.body
        assert body["likes"]["total"] >= self.total, "the total fell"
        if self.cursor is None:
            self.likes = body["likes"]["total"]
        self.likes += body["likes"]["delta"]
        self.total = body["likes"]["total"]
        assert self.likes == self.total
        for note in body["notes"]:
            self.notes.setdefault(note["id"], note["seq"])
        seqs = list(self.notes.values())
        assert seqs == sorted(seqs), "notes came out of order"
        self.dropped += body["dropped_notes"]
        self.cursor = body["cursor"]
        return not body["more"]


class World:
    """Viewers, a device and a cloud, and what the viewers were promised."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.clock = WallClock()
        self.device = Device()
        self.likes = 0
        self.notes: list[str] = []

    async def play(self, steps: list[Step]) -> None:
        async with AsyncExitStack() as cloud:
            site = await cloud.enter_async_context(serving(self.database, now=self.clock))
            await self.device.poll(site, 20)
            for kind, n in steps:
                if kind == "restart":
                    await cloud.aclose()
                    site = await cloud.enter_async_context(serving(self.database, now=self.clock))
                else:
                    await self.step(site, kind, n)
            while not await self.device.poll(site, 2):
                pass
            summary = await site.summary()
        assert self.device.total == summary["likes"]["total"] == self.likes
        assert summary["notes"]["total"] == len(self.notes)
        came = self.device.notes
        assert list(came) == [note for note in self.notes if note in came]
        assert all(self.notes[seq - 1] == note for note, seq in came.items())
        # Nobody expires unless hours pass; then each is either shown or counted as dropped.
        if not any(kind == "hours" for kind, _ in steps):
            assert list(came) == self.notes
        if not any(kind == "forget cursor" for kind, _ in steps):
            assert len(came) + self.device.dropped == len(self.notes)

    async def step(self, site: Site, kind: str, n: int) -> None:
        site.forget_viewer()
        match kind:
            case "like" | "like twice":
                await self.like(site, n, times=2 if kind == "like twice" else 1)
            case "note" | "note twice":
                await self.note(site, times=2 if kind == "note twice" else 1)
            case "poll" | "poll, reply lost":
                await self.device.poll(site, n, lost=kind != "poll")
            case "hours":
                self.clock.step(hours=n)
            case "forget cursor":
                self.device.cursor = None
            case "at once":
                await together(
                    self.device.poll(site, n, lost=True),
                    *(self.like(site, n) for _ in range(n)),
                )

    async def like(self, site: Site, n: int, times: int = 1) -> None:
        batch = str(uuid.uuid4())
        replies = [await site.like(n, batch) for _ in range(times)]
        assert {reply.body["accepted"] for reply in replies} == {n}
        self.likes += n

    async def note(self, site: Site, times: int = 1) -> None:
        key = str(uuid.uuid4())
        replies = [await site.note("heroes", key) for _ in range(times)]
        (note,) = {reply.body["id"] for reply in replies}
        self.notes.append(note)


async def together(*requests: Coroutine[Any, Any, Any]) -> None:
    async with asyncio.TaskGroup() as group:
        for request in requests:
            group.create_task(request)


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_no_interleaving_loses_or_doubles_anything(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(World(Path(folder) / "cloud.db").play(steps))
