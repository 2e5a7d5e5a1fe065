"""The device's token, which may come later: until then the device is not paired, and lives."""

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
"""How often the file is looked at while it holds no token."""


class NeedsToken(Protocol):
    """A connection that proves with the token which device this is."""

    def pair(self, token: str) -> None: ...


class Pairing:
    """Looks for the token in `file` until it is there, and gives it to what `needs` it.

    A component. `on_paired` is called after that.
    """

    def __init__(self, file: Path, *needs: NeedsToken, on_paired: Callable[[], None]) -> None:
        self._file = file
        self._needs = needs
        self._on_paired = on_paired
        self._paired = False

    async def run(self) -> None:
        """Look until cancelled."""
        while not self._paired:
            await asyncio.sleep(LOOK_AGAIN_S)
            with suppress(ConfigError):
                self._pair(await asyncio.to_thread(read_token, self._file))
        await asyncio.Event().wait()

    def _pair(self, token: str) -> None:
        for connection in self._needs:
            connection.pair(token)
        log.info("The token is there: this device is paired")
        self._paired = True
        self._on_paired()
