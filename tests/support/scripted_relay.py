"""A relay that answers an upload as a test says, and records each connection and message."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

from likelight.feed.upload.protocol import MAX_MESSAGE, PacketKind, UploadPacket, unpack
from support.cloud import KID


class ScriptedRelay:
    """Takes uploads; `answers` are for the first to come, each a status or a close code."""

    def __init__(self, *answers: int) -> None:
        self.url = ""
        self.opened_at: list[float] = []
        """The loop's time of each request for a line."""
        self.heard: list[dict[str, Any] | UploadPacket] = []
        self._answers = list(answers)
        self._socket: web.WebSocketResponse | None = None

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

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.opened_at.append(asyncio.get_running_loop().time())
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None and answer < 1000:
            return web.Response(status=answer)
        socket = self._socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE)
        await socket.prepare(request)
        if answer is not None:
            await socket.close(code=answer)
        async for message in socket:
            text = message.type is WSMsgType.TEXT
            self.heard.append(json.loads(message.data) if text else unpack(message.data))
        return socket


@asynccontextmanager
async def scripted_relay(*answers: int) -> AsyncIterator[ScriptedRelay]:
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
