"""How many connections that have sent nothing a server keeps."""

import asyncio

from aiohttp import web

from likelight.web.http.connection_guard import ConnectionGuard


class Wire(asyncio.Transport):
    """A connection of which no byte comes; it keeps what is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.answer += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


async def test_of_the_connections_without_a_request_500_are_kept_and_the_oldest_makes_room() -> (
    None
):
    guard = ConnectionGuard(5_000)
    server = web.Server(_nobody)
    guard.protect(server)
    wires = []

    def connect() -> None:
        protocol, wire = guard(), Wire()
        protocol.connection_made(wire)
        wires.append(wire)

    for _ in range(500):
        connect()
    assert not any(wire.closed or wire.answer for wire in wires)
    connect()
    assert [wire.closed for wire in wires] == [True] + 500 * [False]
    assert wires[0].answer.startswith(b"HTTP/1.1 408 ")
    await server.shutdown(timeout=1)


async def _nobody(_: web.BaseRequest) -> web.StreamResponse:
    raise web.HTTPNotFound
