"""Which kitchens of the fleet a page or a program asks for."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from likelight_cloud.fleet_page.row import Air, FleetKitchen

Show = Literal["needs", "well", "off_air", "new", "all"]

SHOWS: Final[Mapping[Show, tuple[str, Callable[[FleetKitchen], bool]]]] = {
    "needs": ("Needs somebody", lambda it: it.needs_somebody),
    "well": ("Well", lambda it: not it.needs_somebody and it.state in (Air.ON_AIR, Air.READY)),
    "off_air": ("Off air on purpose", lambda it: it.state is Air.OFF_AIR),
    "new": ("Not installed yet", lambda it: it.state is Air.NEW),
    "all": ("All", lambda _: True),
}
"""By the name in an address: the words, and which kitchens these are."""


class Selection(BaseModel):
    """Which kitchens: those of a list, and of them those whose id or name has the text `q`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    show: Show = "all"
    q: str = Field(default="", max_length=60)

    def of(self, kitchens: Sequence[FleetKitchen]) -> list[FleetKitchen]:
        """Return those of `kitchens`, in their order."""
        shown, text = SHOWS[self.show][1], self.q.strip().casefold()
        return [
            it for it in kitchens if shown(it) and (text in it.kid or text in it.name.casefold())
        ]
