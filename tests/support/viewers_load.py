"""Viewers who like and send notes without end, and ask again until they are answered."""

import asyncio
import time
import uuid
from collections import Counter

import aiohttp

from likelight.contract.problem import ProblemType
from likelight_cloud.trust.viewer import HEADER

ANSWERED_WITHIN_S = 60
"""No request hangs: one without an answer after this is a fault of the cloud's, on any machine."""
AGAIN_S = 0.1


class Load:
    """Each like and each note is a new viewer's own, with a key of its own.

    `kitchen` is the kitchen's address at the cloud. As the page does, a viewer asks again, with the
    same key, for what was not acknowledged.
    """

    def __init__(self, session: aiohttp.ClientSession, kitchen: str) -> None:
        self._session = session
        self._kitchen = kitchen
        self.likes = 0
        """That were acknowledged."""
        self.notes: dict[str, str] = {}
        """The id of each acknowledged note, by its key."""
        self.refusals: Counter[str] = Counter()
        """What the cloud said instead of an acknowledgement."""
        self.twice = 0
        """Batches of likes that were sent again, after a try whose outcome nobody told."""
        self._ending = False
        self._acknowledged = asyncio.Event()

    def end(self) -> None:
        """Begin nothing new; what was begun is asked for until it is acknowledged."""
        self._ending = True

    async def run(self, viewers: int = 8) -> None:
        """Send until `end`."""
        async with asyncio.TaskGroup() as group:
            for viewer in range(viewers):
                group.create_task(self._viewer(likes=viewer % 2 == 0))

    async def acknowledgement(self) -> float:
        """Wait for the acknowledgement of something that was asked for from now on; return how long
        that took, in s."""
        began = time.monotonic()
        for _ in range(2):  # the next one may have been asked for before
            self._acknowledged.clear()
            await self._acknowledged.wait()
        return time.monotonic() - began

    async def _viewer(self, likes: bool) -> None:
        while not self._ending:
            await (self._like() if likes else self._note())

    async def _like(self) -> str:
        """Like as a new viewer; return the viewer's token."""
        body = {"n": 1, "batch": str(uuid.uuid4())}
        _, token = await self._until_kept("likes", body, {HEADER: ""})
        self.likes += 1
        return token

    async def _note(self) -> None:
        # A known viewer's: a new one's first request is known again until the cloud's process ends.
        token, key = await self._like(), str(uuid.uuid4())
        headers = {HEADER: token, "Idempotency-Key": key}
        told, _ = await self._until_kept("notes", {"code": "heroes"}, headers)
        if "id" in told:
            self.notes[key] = str(told["id"])

    async def _until_kept(
        self, what: str, body: dict[str, object], headers: dict[str, str]
    ) -> tuple[dict[str, object], str]:
        """Send until it is acknowledged; return the answer and the viewer's token.

        Once 1,000 notes wait for the crew, another is refused for good.
        """
        unknown = False
        while True:
            try:
                async with (
                    asyncio.timeout(ANSWERED_WITHIN_S),
                    self._session.post(
                        f"{self._kitchen}/{what}", json=body, headers=headers
                    ) as reply,
                ):
                    told = await reply.json()
                if reply.status in (201, 202):
                    self.twice += unknown and what == "likes"
                    self._acknowledged.set()
                    return told, reply.headers[HEADER]
                if told["type"] == ProblemType.FULL:
                    return told, ""
                assert reply.status == 503, told
                unknown = unknown or "went away" in told["detail"]  # a proxy's words
                self.refusals[told["detail"]] += 1
            except aiohttp.ClientConnectionError:
                # The process was killed, before or after its commit.
                unknown = True
                self.refusals["no answer"] += 1
            await asyncio.sleep(AGAIN_S)
