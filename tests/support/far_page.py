"""A page at the far end of a slow line, as its server sees it: by acknowledgements alone."""

import asyncio
import json
from dataclasses import dataclass, field

from likelight.feed.acks import Acks
from likelight.feed.viewers import SocketViewer
from support.boxes import read_fragment
from support.feed import now_us
from support.frames import BINARY, TEXT, messages
from support.valve import Valve


@dataclass
class Page:
    """A viewer at the far end of a line, of which its server sees only a proxy's open socket."""

    viewer: SocketViewer
    proxy: Valve
    bytes_per_s: float
    delay_s: float = 0.02
    acknowledges: bool = True
    ages: list[tuple[float, float]] = field(default_factory=list)
    """When each picture was there, by the loop's clock, and how old it was, both in seconds."""
    opened: list[dict[str, object]] = field(default_factory=list)
    """The text before each init segment."""
    pictures: list[tuple[int, int]] = field(default_factory=list)
    """Decode time and duration of each picture, in ticks."""
    padding: int = 0
    """Bytes."""
    _acks: list[tuple[int, float]] = field(default_factory=list)
    _number: int = 0
    _coming: list[tuple[int, bytes]] = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self) -> None:
        """Take what the proxy holds at the line's pace, for ever."""
        clock = asyncio.get_running_loop().time
        while True:
            while not self.proxy.got:
                self.proxy.written.clear()
                await self.proxy.written.wait()
            written = self.proxy.got.pop(0)
            self._coming += messages(written)
            self.proxy.unread -= len(written) - sum(len(payload) for _, payload in self._coming)
            while self._coming:
                await asyncio.sleep(len(self._coming[0][1]) / self.bytes_per_s)
                opcode, payload = self._coming.pop(0)
                self.proxy.unread -= len(payload)
                if opcode == TEXT and b"mime" in payload:
                    self.opened.append(json.loads(payload))
                if opcode != BINARY:
                    continue
                self._number += 1
                self._acks.append((self._number, clock() * 1000))
                self._arrived.set()
                if payload[4:8] == b"prft":
                    fragment = read_fragment(payload)
                    self.ages.append((clock(), (now_us() - fragment.captured_us) / 1e6))
                    self.pictures.append((fragment.decode, fragment.duration))
                elif payload[4:8] == b"free":
                    self.padding += len(payload)

    async def acknowledge(self) -> None:
        """Acknowledge at once and then ten times a second, as the player does."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            if self.acknowledges:
                said, self._acks = Acks(acks=tuple(self._acks[-40:])), []
                later = asyncio.get_running_loop().call_later
                later(2 * self.delay_s, self.viewer.acknowledge, said)
            await asyncio.sleep(0.1)
