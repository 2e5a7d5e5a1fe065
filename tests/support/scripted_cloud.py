"""A cloud without sockets: it keeps the contract, and misbehaves on request."""

import asyncio
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

from likelight.appreciation.sync.client import (
    BadCursor,
    CatalogueUnknown,
    CloudError,
    NewTimeLine,
    Superseded,
    Unreachable,
)
from likelight.contract import (
    NOTE_TTL_S,
    Desired,
    Events,
    Likes,
    Next,
    Note,
    Status,
    StatusReply,
    Viewers,
)

LATENCY_S = 0.005
TIMER_SLACK_S = 0.001
"""A timer may fire slightly early, and a virtual clock then stops for ever."""


class ScriptedCloud:
    """Totals, notes and epochs in memory; an implementation of `CloudClient`.

    `fault` is raised by every exchange while it is set. `lose_replies` counts down: the cloud
    takes such a request in, and its answer never arrives. `asked` holds the loop time, cursor and
    wait of every long poll; `statuses` the loop time and body of every status taken in.
    `documents` are its catalogues by name: bytes, or what is raised instead; `fetched` holds the
    loop time and name of each request for one, which waits while the cloud `hangs`.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.total = 0
        self.epoch = "one"
        self.notes: list[Note] = []
        self.viewers = Viewers()
        self.desired = Desired(version=1)
        self.next = Next()
        self.most_notes = 20
        self.fault: CloudError | None = None
        self.lose_replies = 0
        self.asked: list[tuple[float, str | None, int]] = []
        self.statuses: list[tuple[float, Status]] = []
        self.shown: dict[str, datetime] = {}
        self.thanked: dict[str, datetime] = {}
        self.documents: dict[str, bytes | CloudError] = {}
        self.fetched: list[tuple[float, str]] = []
        self.hangs = False
        self._now = now
        self._acked = 0
        self._boot_id: str | None = None
        self._polls = 0
        self._restarts = 0
        self._changed = asyncio.Event()

    @property
    def lit_total(self) -> int:
        """What the device last reported."""
        return self.statuses[-1][1].light.lit_total if self.statuses else 0

    @property
    def camera_state(self) -> str:
        """What the device last reported."""
        return self.statuses[-1][1].camera.state.value if self.statuses else "unknown"

    def like(self, count: int = 1) -> None:
        self.total += count
        self._wake()

    def note(self, code: str) -> str:
        at = self._now()
        note = Note(
            seq=len(self.notes) + 1,
            id=f"{self.epoch}-{len(self.notes) + 1:06}",
            code=code,
            created_at=at,
            expires_at=at + timedelta(seconds=NOTE_TTL_S),
        )
        self.notes.append(note)
        self._wake()
        return note.id

    def watch(self, watching: bool, band: str | None = None) -> None:
        self.viewers = Viewers(band=band, watching=watching)
        self._wake()

    def wish(self, desired: Desired) -> None:
        self.desired = desired
        self._wake()

    def start_anew(self, *, total: int) -> None:
        """The log starts again, as after a restore: cursors of before are void."""
        self.epoch += "-again"
        self.total = total
        self.notes = []
        self._acked = 0
        self._wake()

    def restart(self) -> None:
        """Begin again: the held poll breaks, and which start of the device polled is forgotten."""
        self._boot_id = None
        self._restarts += 1
        self._wake()

    def fail(self, fault: CloudError | None) -> None:
        """Fail from now on, polls that are held included; None ends that."""
        self.fault = fault
        self._wake()

    async def events(
        self, cursor: str | None, dv: int, wait: int, boot_id: str | None = None
    ) -> Events:
        loop = asyncio.get_running_loop()
        self.asked.append((loop.time(), cursor, wait))
        self._boot_id = boot_id
        self._polls += 1
        this, restarts = self._polls, self._restarts
        self._wake()
        await self._travel()
        seq, total, watching, held_at = self._read(cursor)
        self._acked = max(self._acked, seq)
        deadline = loop.time() + wait
        while cursor is not None:
            if self.fault is not None:
                raise self.fault
            if restarts != self._restarts:
                raise Unreachable("the cloud restarts")
            if this != self._polls:
                raise Superseded("another device polls")
            self._read(cursor)
            paced_at = held_at + self.desired.pace_ms / 1000
            news = (
                len(self.notes) > seq
                or self.desired.version != dv
                or self.viewers.watching != watching
            )
            likes = self.total != total
            now = loop.time()
            if news or now >= deadline or (likes and now >= paced_at):
                break
            await self._wait(min(deadline, paced_at) if likes else deadline)
        reply = self._reply(seq, total, held_at, dv)
        if self.lose_replies:
            self.lose_replies -= 1
            raise Unreachable("the reply got lost")
        await self._travel()
        return reply

    async def status(self, status: Status) -> StatusReply:
        await self._travel()
        if status.boot_id != self._boot_id:
            raise Superseded("another start of the device polls")
        at = self._now()
        self.statuses.append((asyncio.get_running_loop().time(), status))
        for receipt in status.notes:
            if receipt.shown_at is not None:
                self.shown.setdefault(receipt.id, min(receipt.shown_at, at))
            if receipt.thanked_at is not None:
                self.thanked.setdefault(receipt.id, min(receipt.thanked_at, at))
        if self.lose_replies:
            self.lose_replies -= 1
            raise Unreachable("the reply got lost")
        await self._travel()
        return StatusReply(desired=self.desired, server_time=at)

    async def catalogue(self, name: str) -> bytes:
        self.fetched.append((asyncio.get_running_loop().time(), name))
        await self._travel()
        while self.hangs:
            await asyncio.sleep(1)
        document = self.documents.get(name, CatalogueUnknown("no such catalogue"))
        if isinstance(document, CloudError):
            raise document
        return document

    def _read(self, cursor: str | None) -> tuple[int, int, bool, float]:
        if cursor is None:
            return self._acked, self.total, self.viewers.watching, 0.0
        try:
            epoch, seq, total, watching, held_at = cursor.split("|")
            place = int(seq), int(total), watching == "1", float(held_at)
        except ValueError:
            raise BadCursor("this is not a cursor") from None
        if epoch != self.epoch or place[0] > len(self.notes) or place[1] > self.total:
            raise NewTimeLine(self._cursor(0, self.total, 0.0))
        return place

    def _reply(self, seq: int, total: int, held_at: float, dv: int) -> Events:
        notes = self.notes[seq : seq + self.most_notes]
        reached = notes[-1].seq if notes else seq
        if self.total != total:
            held_at = asyncio.get_running_loop().time()
        return Events(
            cursor=self._cursor(reached, self.total, held_at),
            epoch=self.epoch,
            server_time=self._now(),
            likes=Likes(total=self.total, delta=self.total - total),
            notes=tuple(notes),
            more=reached < len(self.notes),
            viewers=self.viewers,
            desired=self.desired if self.desired.version != dv else None,
            next=self.next,
        )

    def _cursor(self, seq: int, total: int, held_at: float) -> str:
        return f"{self.epoch}|{seq}|{total}|{int(self.viewers.watching)}|{held_at}"

    async def _travel(self) -> None:
        await asyncio.sleep(LATENCY_S)
        if self.fault is not None:
            raise self.fault

    async def _wait(self, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline + TIMER_SLACK_S):
                await self._changed.wait()
        except TimeoutError:
            pass

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def gaps(cloud: ScriptedCloud, since: float) -> list[float]:
    """Return the pauses between the questions asked since `since`."""
    asked = [at for at, _, _ in cloud.asked if at >= since]
    return [later - earlier for earlier, later in itertools.pairwise(asked)]
