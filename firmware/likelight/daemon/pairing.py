"""The device's token, which may come later, and change: until then it is not paired, and lives."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from likelight.config.secret import read_token
from likelight.config.settings import ConfigError

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 10.0
"""How often the file is looked at."""


class NeedsToken(Protocol):
    """A connection that proves with a token which device this is."""

    @property
    def token(self) -> str | None: ...

    def pair(self, *tokens: str) -> None: ...


class Pairing:
    """Gives each token that comes into `file` to `cloud`, with the one before it in case that the
    new one is refused.

    A component. `token` is what was there at the start, or None; `on_paired` is called after each.
    """

    def __init__(
        self, file: Path, cloud: NeedsToken, token: str | None, *, on_paired: Callable[[], None]
    ) -> None:
        self._file = file
        self._cloud = cloud
        self._token = token
        self._on_paired = on_paired

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            # While there is none, the one before is still good.
            with suppress(ConfigError):
                token = await asyncio.to_thread(read_token, self._file)
                if token != self._token:
                    self._pair(token)

    def _pair(self, token: str) -> None:
        self._token = token
        before = self._cloud.token
        if before is None:
            log.info("The token is there: this device is paired")
            self._cloud.pair(token)
        else:
            log.info("%s has another token: it is used from now on", self._file)
            self._cloud.pair(token, before)
        self._on_paired()
