"""What operators ask of the store, for the whole fleet at once."""

from collections.abc import Mapping
from typing import Protocol

from likelight.contract import Health


class Fleet(Protocol):
    """The fleet as a store has it. Everything raises `StoreError` when the database fails."""

    async def healths(self) -> Mapping[str, Health]:
        """Return what each device last said of its health, by kitchen. Nothing else of its status:
        who looks after a fleet is not told what the crew pressed, and when."""
