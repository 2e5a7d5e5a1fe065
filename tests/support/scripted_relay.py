"""A relay that answers an upload as a test says, and records each connection and message."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

from likelight.feed.upload.protocol import MAX_MESSAGE, PacketKind, UploadPacket, unpack
from support.cloud import KID

REFUSALS = {
    401: "token",
    403: "token",
    404: "kitchen",
    409: "superseded",
    429: "limit",
    503: "busy",
}

SAYS_NOTHING = 101
"""The WebSocket opens, and nobody says that the upload is taken."""

Answer = int | web.Response
"""A status in the contract's words, SAYS_NOTHING, a close code that comes in place of the relay's
first word, or what a stranger says in the relay's place."""


def refusal(status: int) -> web.Response:
    """Answer with `status` as the contract says it."""
    name = REFUSALS.get(status)
    problem: dict[str, object] = {"title": "No", "status": status}
    if name is not None:
        problem["type"] = f"urn:likelight:problem:{name}"
    body = json.dumps(problem).encode()
    return web.Response(status=status, body=body, content_type="application/problem+json")


class ScriptedRelay:
    """Takes uploads; `answers` are for the first to come."""

    def __init__(self, *answers: Answer) -> None:
        self.url = ""
        self.opened_at: list[float] = []
        """The loop's time of each request for a line."""
        self.requests: list[web.Request] = []
        self.cookie = ""
        """What a front end sets with each line."""
        self.heard: list[dict[str, Any] | UploadPacket] = []
        self.cannot_read = False
        """It takes each upload, and ends it with 1007 at the first picture."""
        self._answers = list(answers)
        self._socket: web.WebSocketResponse | None = None

    @property
    def ready(self) -> bool:
        """True while a line is open on which this relay can speak."""
        return self._socket is not None and self._socket.prepared and not self._socket.closed

    @property
    def pictures(self) -> list[UploadPacket]:
        """The fragments and JPEGs that came."""
        return [
            each
            for each in self.heard
            if isinstance(each, UploadPacket) and each.kind is not PacketKind.INIT
        ]

    @property
    def gates(self) -> list[dict[str, Any]]:
        """What was said of the gate."""
        return [each for each in self.heard if isinstance(each, dict) and "gate" in each]

    async def wish(self, **wish: object) -> None:
        """Tell the device."""
        assert self._socket is not None
        await self._socket.send_json(wish)

    async def say(self, message: str | bytes) -> None:
        """Send a message that the contract may not have."""
        assert self._socket is not None
        if isinstance(message, str):
            await self._socket.send_str(message)
        else:
            await self._socket.send_bytes(message)

    def babble(self, line: bytes) -> None:
        """Send bytes that are not a WebSocket frame."""
        transport = self.requests[-1].transport
        assert transport is not None
        transport.write(line)

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.opened_at.append(asyncio.get_running_loop().time())
        self.requests.append(request)
        answer = self._answers.pop(0) if self._answers else None
        if isinstance(answer, web.Response):
            return answer
        if answer is not None and answer < 1000 and answer != SAYS_NOTHING:
            return refusal(answer)
        socket = self._socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE)
        if self.cookie:
            socket.set_cookie("session", self.cookie)
        await socket.prepare(request)
        if answer is None:
            await socket.send_json({"jpeg_fps": 0})
        elif answer != SAYS_NOTHING:
            await socket.close(code=answer)
        async for message in socket:
            text = message.type is WSMsgType.TEXT
            self.heard.append(json.loads(message.data) if text else unpack(message.data))
            if self.cannot_read and self.pictures[-1:] == self.heard[-1:]:
                await socket.close(code=1007)
        return socket


@asynccontextmanager
async def scripted_relay(*answers: Answer) -> AsyncIterator[ScriptedRelay]:
    """Serve a relay on port 0."""
    relay = ScriptedRelay(*answers)
    app = web.Application()
    app.router.add_get(f"/v1/kitchens/{KID}/feed", relay.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        relay.url = f"http://{host}:{port}"
        yield relay
    finally:
        await runner.cleanup()
