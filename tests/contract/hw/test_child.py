"""A child process and its link: killed before it starts, deaf, talking nonsense."""

import asyncio
import sys

import pytest

from likelight_hw.child.link import ChildLink
from likelight_hw.child.packets import ChildPacket, ProtocolError, pack
from likelight_hw.child.spawn import ChildProcess
from support.waiting import WITHIN_S

ECHO = """
import socket, sys
with socket.socket(fileno=int(sys.argv[1])) as link:
    while data := link.recv(65536):
        link.sendall(data)
"""


class Parent:
    """The packets that came from a child, and whether it is lost."""

    def __init__(self, code: str, *, buffer_bytes: int = 0) -> None:
        self.packets: list[ChildPacket] = []
        self.lost = asyncio.Event()
        self._changed = asyncio.Event()
        self.link = ChildLink(self._on_packet, self._on_lost, buffer_bytes=buffer_bytes)
        self.child = ChildProcess((sys.executable, "-S", "-c", code), self.link)

    async def comes(self, kind: int) -> None:
        async with asyncio.timeout(WITHIN_S):
            while kind not in [packet.kind for packet in self.packets]:
                self._changed.clear()
                await self._changed.wait()

    def _on_packet(self, packet: ChildPacket) -> None:
        self.packets.append(packet)
        self._changed.set()

    def _on_lost(self) -> None:
        self.lost.set()


async def test_a_child_ends_by_itself_when_its_link_is_closed() -> None:
    parent = Parent(ECHO)
    async with parent.child.running():
        parent.link.write(pack(7, b"hello"))
        await parent.comes(7)
    assert parent.packets == [ChildPacket(7, 0, 0, b"hello")]
    assert parent.child.exit_code == 0


async def test_a_kill_that_comes_before_the_child_is_not_forgotten() -> None:
    parent = Parent(ECHO)
    parent.child.kill()
    async with parent.child.running(), asyncio.timeout(WITHIN_S):
        await parent.lost.wait()
    assert parent.child.exit_code == -9


async def test_of_what_waits_for_a_deaf_child_only_the_latest_is_sent() -> None:
    parent = Parent(ECHO)
    async with parent.child.running():
        # More than the kernel takes at once, so that all that follows has to wait.
        parent.link.write(pack(1, bytes(4_000_000)))
        assert parent.link.full
        for number in (2, 3, 4):
            parent.link.write_latest(pack(number))
        await parent.comes(4)
        parent.link.write_latest(pack(5))
        await parent.comes(5)
    assert [packet.kind for packet in parent.packets] == [1, 4, 5]


async def test_nonsense_ends_the_link_and_is_kept_for_a_caller_that_waits() -> None:
    parent = Parent(ECHO)
    async with parent.child.running(), asyncio.timeout(WITHIN_S):
        parent.link.write(b"\xff" * 64)
        await parent.lost.wait()
        with pytest.raises(ProtocolError):
            raise parent.link.error or AssertionError
    assert parent.link.lost
    assert parent.packets == []
