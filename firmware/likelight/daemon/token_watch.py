"""The device's token, which may come later, and change: until then it is not paired, and lives."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.config.device_tokens import DeviceTokens
from likelight.config.settings import ConfigError

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 10.0
"""How often the files are looked at."""


class TokenWatch:
    """Gives `cloud` the `tokens` whenever they change, with the one in use as the last to try.

    A component. It has the `known` at the start; `on_paired` is called after each change.
    """

    def __init__(
        self,
        tokens: DeviceTokens,
        cloud: HttpCloud,
        known: tuple[str, ...],
        *,
        on_paired: Callable[[], None],
    ) -> None:
        self._tokens = tokens
        self._cloud = cloud
        self._known = known
        self._on_paired = on_paired
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            await self.look()

    async def look(self) -> None:
        """Look whether there are other tokens."""
        # One after the other: what was read last counts. While there are none, those before are
        # still good.
        async with self._looking:
            with suppress(ConfigError):
                tokens = await asyncio.to_thread(self._tokens.read)
                if tokens != self._known:
                    self._pair(tokens)

    def _pair(self, tokens: tuple[str, ...]) -> None:
        self._known, in_use = tokens, self._cloud.token
        if in_use is None:
            log.info("The token is there: this device is paired")
        elif tokens[0] != in_use:
            log.info("This device uses another token from now on")
        last = () if in_use is None or in_use in tokens else (in_use,)
        self._cloud.pair(*tokens, *last)
        self._on_paired()
