"""Which kitchens the address of a wall names, and what is said of one that names none."""

import re
from http import HTTPStatus
from typing import Final, Literal

from aiohttp import web
from pydantic import Field

from likelight.contract import KITCHEN_ID
from likelight.contract.problem import ProblemType
from likelight.web.http.problems import ProblemError
from likelight_cloud.page.languages import LanguageQuery

MOST: Final = 9
"""Three by three: more would be smaller on a lobby's screen than their smallest stream, 640x360."""

_ID: Final = re.compile(KITCHEN_ID)


class KitchensQuery(LanguageQuery):
    """The kitchens, and the language."""

    k: str = Field(default="", description=f"ids of 1 to {MOST} kitchens, each once: `a,b,c`")


class WallRefusedError(ProblemError):
    """An address that makes no wall. `said` is the key of the words that tell a person why, `kid`
    the kitchen that they are about."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        said: Literal["no_wall", "unknown"],
        kid: str = "",
        type: ProblemType | None = None,
    ) -> None:
        super().__init__(status, detail, type=type)
        self.said = said
        self.kid = kid


def named_kitchens(request: web.Request) -> tuple[str, ...]:
    """Return the ids that `request` names, in their order. Raises a 400 where these are none, more
    than `MOST`, one twice, or a text that is no id."""
    named = [kid.strip() for text in request.query.getall("k", ()) for kid in text.split(",")]
    if not any(named):
        raise _no_wall("This address names no kitchen.")
    if len(named) > MOST:
        raise _no_wall(f"{len(named)} kitchens are named, and a wall shows {MOST} at most.")
    for kid in named:
        if not _ID.fullmatch(kid):
            raise _no_wall(f"{kid!r} is not a kitchen's id.")
        if named.count(kid) > 1:
            raise _no_wall(f"{kid} is named twice.")
    return tuple(named)


def unknown_kitchen(kid: str) -> WallRefusedError:
    """Return the 404 of a wall with the kitchen `kid`, which does not exist."""
    return WallRefusedError(
        HTTPStatus.NOT_FOUND,
        f"There is no kitchen called {kid} here. Take it out of the wall's address.",
        "unknown",
        kid,
        ProblemType.KITCHEN,
    )


def _no_wall(detail: str) -> WallRefusedError:
    return WallRefusedError(
        HTTPStatus.BAD_REQUEST,
        f"{detail} A wall's address is like /wall?k=store-1,store-2: 1 to {MOST} kitchens, each "
        "once.",
        "no_wall",
    )
