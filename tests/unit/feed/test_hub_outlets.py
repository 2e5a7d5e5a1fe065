"""Outlets of the hub: a shut reaches each of them, whatever the others do."""

import pytest

from likelight.contract import State
from likelight.feed.hub import Hub
from likelight.feed.jpegs import JpegPicture
from likelight.feed.outlets import Demand
from likelight.feed.ring import Fragment


class Outlet:
    def __init__(self, *, broken: bool = False) -> None:
        self.demand = Demand()
        self.broken = broken
        self.states: list[State] = []

    def on_fragment(self, fragment: Fragment) -> None: ...

    def on_jpeg(self, picture: JpegPicture) -> None: ...

    def on_state(self, state: State) -> None:
        self.states.append(state)
        if self.broken and state is State.PRIVATE:
            raise RuntimeError("no way out")


def test_an_outlet_that_raises_keeps_no_other_from_hearing_of_the_shut() -> None:
    hub = Hub(now_us=lambda: 0, on_demand=lambda _: None)
    outlets = [Outlet(), Outlet(broken=True), Outlet()]
    for outlet in outlets:
        hub.add_outlet(outlet)
    hub.show(State.LIVE)
    with pytest.raises(RuntimeError):
        hub.show(State.PRIVATE)
    assert hub.state is State.PRIVATE
    assert [outlet.states[-1] for outlet in outlets] == [State.PRIVATE] * 3
