"""What a wall page is told about its kitchens: which can be watched, never why another cannot."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from likelight.contract import State, Summary

_OPEN: Final = (State.LIVE, State.IDLE, State.INTERRUPTED)
"""States in which a picture comes once somebody watches, or comes back by itself."""


class WallKitchen(BaseModel):
    """One kitchen. `open`: it can be watched; `live`: pictures come just now."""

    model_config = ConfigDict(frozen=True)

    kid: str
    name: str
    simulated: bool = False
    open: bool = False
    live: bool = False


class Wall(BaseModel):
    """All kitchens of a wall, and the address of the script that its page has by now."""

    model_config = ConfigDict(frozen=True)

    kitchens: tuple[WallKitchen, ...]
    script: str


def wall_kitchen(kid: str, summary: Summary | None) -> WallKitchen:
    """Return how a wall shows the kitchen `kid`: the same way when it is private, closed, off, away
    or removed."""
    if summary is None:
        return WallKitchen(kid=kid, name=kid)
    return WallKitchen(
        kid=kid,
        name=summary.name,
        simulated=summary.simulated,
        open=summary.state in _OPEN,
        live=summary.state is State.LIVE,
    )
