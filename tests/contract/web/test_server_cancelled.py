"""A server that is cancelled while it starts leaves no socket open."""

import asyncio
import socket

import pytest

from likelight.web.http.server import WebServer


class Listener(socket.socket):
    """Remembers its duplicates."""

    copies: list[socket.socket]

    def dup(self) -> socket.socket:
        copy = super().dup()
        self.copies.append(copy)
        return copy


@pytest.mark.parametrize("steps", range(8))
async def test_a_start_that_is_cancelled_leaves_no_socket_open(steps: int) -> None:
    with Listener() as listener:
        listener.copies = []
        listener.bind(("127.0.0.1", 0))
        serving = asyncio.create_task(WebServer(lambda _: None, listener).run())
        for _ in range(steps):
            await asyncio.sleep(0)
        serving.cancel()
        await asyncio.wait([serving])
        assert [copy for copy in listener.copies if copy.fileno() != -1] == []
