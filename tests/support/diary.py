"""What happened in a scenario, in order."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that the crew could perceive, or that the rest of the device was notified of."""

    at: float
    what: str
    value: Any = None


class Diary(list[Happened]):
    """Everything that happened, in order. `on_entry` is called after each entry.

    Once `closed`, nothing more happens: the device is dead, whatever its tasks still do.
    """

    on_entry: Callable[[], None] | None = None
    closed = False

    def write(self, what: str, value: object = None) -> None:
        if self.closed:
            return
        self.append(Happened(asyncio.get_running_loop().time(), what, value))
        if self.on_entry is not None:
            self.on_entry()

    def of(self, what: str) -> list[object]:
        return [entry.value for entry in self if entry.what == what]

    def at(self, what: str) -> list[float]:
        return [entry.at for entry in self if entry.what == what]
