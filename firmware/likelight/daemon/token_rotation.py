"""A change of the device's token that the cloud asks for: nobody has to come to the device.

The new token is on the disk before its checksum is sent to the cloud, and the one in use stays
until the cloud has taken the new one: whatever is lost or killed in between, one is valid.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

from likelight.appreciation.sync.client import (
    CloudBusy,
    CloudError,
    DeviceRefused,
    RotationRefused,
)
from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.config.device_tokens import DeviceTokens, checksum
from likelight.config.settings import ConfigError
from likelight.contract import Desired
from likelight.runtime.backoff import Backoff

log = logging.getLogger(__name__)

REFUSED_S = (300.0, 900.0)
"""As the poller waits; and after a disk that takes nothing."""


class TokenRotation:
    """Draws a new token when the cloud asks for one, and brings its checksum there.

    A component. `on_change` is called after each change of `tokens`, and hands them to `cloud`. It
    begins once `reported` is set: until then what was asked may be what was stored long ago.
    """

    def __init__(
        self,
        tokens: DeviceTokens,
        cloud: HttpCloud,
        reported: asyncio.Event,
        *,
        on_change: Callable[[], Awaitable[None]],
        rng: random.Random,
    ) -> None:
        self._tokens = tokens
        self._cloud = cloud
        self._reported = reported
        self._on_change = on_change
        self._rng = rng
        self._asked = asyncio.Event()

    def on_desired(self, desired: Desired) -> None:
        """Take what the cloud asks for."""
        if desired.rotate:
            self._asked.set()
        else:
            self._asked.clear()

    async def run(self) -> None:
        """Rotate whenever it is asked, and go on where the start before was interrupted."""
        await self._reported.wait()
        if await asyncio.to_thread(self._tokens.waits):
            self._asked.set()
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self._rotate()

    async def _rotate(self) -> None:
        """Have the cloud take a new token, for as long as that takes."""
        backoff = Backoff(self._rng)
        while (in_use := self._cloud.token) is not None:
            try:
                new = await asyncio.to_thread(self._tokens.draw, in_use)
                await self._on_change()
                await self._cloud.change_token(checksum(new))
                await asyncio.to_thread(self._tokens.confirm)
            except RotationRefused:
                with suppress(OSError):
                    await asyncio.to_thread(self._tokens.forget)
                log.warning(
                    "The cloud asks for no new token, or another device brought one first: this "
                    "one goes on with the token that it has"
                )
                break
            except (ConfigError, OSError) as error:
                log.error("A new token can't be kept, so the one in use stays: %s", error)  # noqa: TRY400  in words
                await asyncio.sleep(self._rng.uniform(*REFUSED_S))
            except DeviceRefused:
                await asyncio.sleep(self._rng.uniform(*REFUSED_S))
            except CloudBusy as busy:
                await asyncio.sleep(busy.retry_after + self._rng.uniform(0, busy.retry_after))
            except CloudError:
                await asyncio.sleep(backoff.next())
            else:
                log.info("The cloud takes this device's new token")
                break
        await self._on_change()
