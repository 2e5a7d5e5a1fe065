"""`WS /v1/kitchens/{kid}/feed`: the upload of a device, into its kitchen's relay.

The relay has its own way into an app, for a cloud inside a device's web server has none: there the
device's own feed is served.
"""

import asyncio
import logging
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from likelight.feed.upload.protocol import MAX_MESSAGE, Wish
from likelight_cloud.app import CLOUD
from likelight_cloud.relay.relay import RELAYS, Relays, relay_routes
from likelight_cloud.relay.upload_session import KEYFRAME_EVERY_S, Intake
from likelight_cloud.trust.device import check_device

SILENCE_S = 0.9
"""A live upload that brings nothing for so long has lost its line, whether we were told or not."""

HEARTBEAT_S = 10.0
SEND_S = 5.0
FORMAT_WITHIN_S = 30.0
"""A device may open its line before its camera runs, and a camera takes some seconds."""

log = logging.getLogger(__name__)


def mount_relay(relays: Relays, app: web.Application) -> None:
    """Put the relay into `app`, which has the cloud: devices upload, and viewers watch here."""
    app[RELAYS] = relays
    app.add_routes([web.get("/v1/kitchens/{kid}/feed", get_feed, allow_head=False)])
    app.add_routes(relay_routes(relays))


async def get_feed(request: web.Request) -> web.StreamResponse:
    """Take an upload to its end; what is none of the contract's ends it with 1007."""
    cloud = request.app[CLOUD]
    kitchen = await cloud.kitchen(request.match_info["kid"])
    kid = kitchen.record.kid
    await check_device(request, cloud.store, kid)
    relay = request.app[RELAYS].open(kitchen)
    socket = web.WebSocketResponse(
        max_msg_size=MAX_MESSAGE, heartbeat=HEARTBEAT_S, compress=False, timeout=1.0
    )
    await socket.prepare(request)
    log.info("The kitchen %s uploads its picture", kid)
    code: int = WSCloseCode.OK
    try:
        with relay.taking() as intake:
            async with asyncio.TaskGroup() as group:
                telling = group.create_task(_tell(socket, intake))
                code = await _take(socket, intake)
                telling.cancel()
    except* (ConnectionError, TimeoutError):
        code = WSCloseCode.GOING_AWAY
    log.info("The upload of %s has ended", kid)
    await socket.close(code=code, drain=False)
    return socket


async def _take(socket: web.WebSocketResponse, intake: Intake) -> int:
    """Read until the upload ends; return the code to close it with."""
    loop = asyncio.get_running_loop()
    opened_at = loop.time()
    while intake.ended is None:
        try:
            message = await socket.receive(timeout=SILENCE_S)
        except TimeoutError:
            intake.fall_silent()
            if intake.state is None and loop.time() - opened_at > FORMAT_WITHIN_S:
                return WSCloseCode.POLICY_VIOLATION
            continue
        try:
            match message.type:
                case WSMsgType.TEXT:
                    intake.text(message.data)
                case WSMsgType.BINARY:
                    intake.packet(message.data)
                case _:
                    return WSCloseCode.OK  # the other side ended it, or aiohttp with its own code
        except ValueError as error:
            log.warning("An upload was ended, for it sent %s", str(error).splitlines()[0])
            return WSCloseCode.INVALID_TEXT
    return intake.ended


async def _tell(socket: web.WebSocketResponse, intake: Intake) -> None:
    """Send the relay's wishes as they come."""
    told_fps = 0
    while True:
        with suppress(TimeoutError):
            # A keyframe that was asked for too soon after another is asked for a little later.
            async with asyncio.timeout(KEYFRAME_EVERY_S):
                await intake.wishes.wait()
        intake.wishes.clear()
        async with asyncio.timeout(SEND_S):
            if intake.ended is not None:
                await socket.close(code=intake.ended)
                return
            if intake.jpeg_fps != told_fps:
                told_fps = intake.jpeg_fps
                await socket.send_str(Wish(jpeg_fps=told_fps).model_dump_json(exclude_unset=True))
            if intake.keyframe_due():
                await socket.send_str(Wish(keyframe=True).model_dump_json(exclude_unset=True))
