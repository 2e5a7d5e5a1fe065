"""The relays of all kitchens: each is opened when somebody needs it, and ends by itself."""

import asyncio
import logging
import time

from aiohttp import web

from likelight.feed.hls.hls import Hls
from likelight.feed.hub import Hub
from likelight_cloud.kitchens.kitchen import Kitchen
from likelight_cloud.relay.relay import Relay

log = logging.getLogger(__name__)


class Relays:
    """The relays of all kitchens; a component that must run for `open` to work."""

    def __init__(self) -> None:
        self._group: asyncio.TaskGroup | None = None
        self._relays: dict[str, Relay] = {}

    async def run(self) -> None:
        """Keep the relays until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                await asyncio.Event().wait()
        finally:
            self._group = None

    def open(self, kitchen: Kitchen) -> Relay:
        """Return the kitchen's relay; raise a 503 while none can live."""
        if self._group is None:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "1"})
        kid = kitchen.record.kid
        relay = self._relays.get(kid)
        if relay is None or relay.ending:
            relay = self._relays[kid] = Relay(kitchen, _now_us)
            self._group.create_task(self._keep(kid, relay))
        relay.use()
        return relay

    def open_relays(self) -> tuple[Relay, ...]:
        """Return the relays of the kitchens that are watched or uploaded just now."""
        return tuple(self._relays.values())

    def hub(self, kid: str) -> Hub | None:
        """Return the hub of an open relay."""
        relay = self._relays.get(kid)
        return relay.hub if relay else None

    def hls(self, kid: str) -> Hls | None:
        """Return the LL-HLS of an open relay."""
        relay = self._relays.get(kid)
        return relay.hls if relay else None

    async def _keep(self, kid: str, relay: Relay) -> None:
        try:
            await relay.run()
        except Exception:
            log.exception("The relay of %s broke; the next viewer gets a new one", kid)
        finally:
            if self._relays.get(kid) is relay:
                del self._relays[kid]


def _now_us() -> int:
    return time.time_ns() // 1000


RELAYS: web.AppKey[Relays] = web.AppKey("relays", Relays)
"""Where the upload's handler finds the relays."""
