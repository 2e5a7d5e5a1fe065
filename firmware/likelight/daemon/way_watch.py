"""What lies between this device and its cloud, watched until the cloud answers."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from likelight.appreciation.obstacle import Obstacle
from likelight.config.pairing import refused_code
from likelight.runtime.network_manager import Link

LOOK_AGAIN_S = 10.0
"""A Wi-Fi is joined within seconds; what two looks in a row see is not on its way any more."""


class WayWatch:
    """Looks at the local network, and at what became of the code that came with the card.

    A component. `connected` tells whether the cloud answers, when nothing is looked at; `ask_link`
    blocks. `on_change` is called with each change of what `link` and `code` are.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        connected: Callable[[], bool],
        ask_link: Callable[[], Link | None],
        on_change: Callable[[], None],
    ) -> None:
        self.link: Link | None = None
        self.code: Obstacle | None = None
        self._state_dir = state_dir
        self._connected = connected
        self._ask_link = ask_link
        self._on_change = on_change
        self._last: Link | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            if self._connected():
                self._last = None  # what was seen before an outage says nothing of the next one
                self._set(None, None)
            else:
                link = await asyncio.to_thread(self._ask_link)
                code = await asyncio.to_thread(refused_code, self._state_dir)
                self._set(self._believed(link), code)
            await asyncio.sleep(LOOK_AGAIN_S)

    def _believed(self, link: Link | None) -> Link | None:
        """Return `link` once it was seen twice, or what was believed before."""
        last, self._last = self._last, link
        lasting = link is last and link is not Link.JOINING
        return link if lasting or link is Link.UP else self.link

    def _set(self, link: Link | None, code: Obstacle | None) -> None:
        if (link, code) != (self.link, self.code):
            self.link, self.code = link, code
            self._on_change()
