"""In the crew's quiet hours the lamp's base is dark, and its gestures are faint."""

import asyncio
from collections.abc import Callable
from typing import Protocol

LOOK_S = 10.0
"""The clock is read this often (s), because somebody may set it during a longer sleep."""
DIM = 0.5
"""Half of a like's perceived lift is seen across a dark room and dazzles nobody."""


class Dimmable(Protocol):
    """A lamp that can be dimmed for the night."""

    def set_dim(self, dim: float) -> None: ...


class Night:
    """Dims `lamp` while `quiet()`, as a component.

    A lamp that is not `dimmable` (on a relay) would be as bright as by day: it stays dark, and its
    first glow in the morning shows the likes of the night.
    """

    def __init__(self, lamp: Dimmable, quiet: Callable[[], bool], *, dimmable: bool) -> None:
        self._lamp = lamp
        self._quiet = quiet
        self._dim = DIM if dimmable else 0.0

    async def run(self) -> None:
        """Follow the quiet hours for ever."""
        while True:
            self._lamp.set_dim(self._dim if self._quiet() else 1.0)
            await asyncio.sleep(LOOK_S)
