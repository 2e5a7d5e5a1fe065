"""What viewers see in a state in which no camera frame leaves."""

import logging
from dataclasses import dataclass, replace
from functools import partial

from likelight.assets.placeholder_files import SIZE, SMALL_SIZE, placeholder_file
from likelight.assets.placeholder_words import WORDS
from likelight.contract import State
from likelight.feed import annexb
from likelight.feed.fmp4 import Init
from likelight.feed.rendition import Rendition

log = logging.getLogger(__name__)

TICK_S = 0.25
"""Placeholders come four times a second, so that a decoder always has something to show."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What is shown in `state`: the NAL units of one keyframe with its init, and one JPEG.

    `small` is the same for the renditions besides MAIN; without it they show this one.
    """

    state: State
    init: Init
    units: list[bytes]
    jpeg: bytes
    small: "Placeholder | None" = None

    def of(self, rendition: Rendition) -> "Placeholder":
        """Return what viewers of `rendition` get."""
        return self.small if rendition and self.small else self

    @classmethod
    def from_keyframe(
        cls, state: State, access_unit: bytes, jpeg: bytes, width: int, height: int
    ) -> "Placeholder":
        """Take a keyframe (Annex B, with SPS and PPS) and a JPEG, `width` x `height` pixels.

        Raises `ValueError` when the access unit is not such a keyframe.
        """
        sets, units = annexb.parse(access_unit)
        if sets is None or not units:
            raise ValueError(f"the placeholder for {state} is not a keyframe with SPS and PPS")
        return cls(state, Init(sets, width, height, round(1 / TICK_S)), units, jpeg)


class PlaceholderSet:
    """The placeholders of all states, and the state whose placeholder is shown."""

    def __init__(self) -> None:
        self.state = State.IDLE
        """The state whose placeholder is shown until camera frames pass; never LIVE."""
        self._by_state: dict[State, Placeholder] = {}

    @property
    def shown(self) -> Placeholder | None:
        """The placeholder of `state`, or None when there is none yet."""
        return self._by_state.get(self.state)

    def add(self, placeholder: Placeholder) -> bool:
        """Take the placeholder of its state; return True when it is the first that is shown."""
        first = placeholder.state not in self._by_state
        self._by_state[placeholder.state] = placeholder
        return first and placeholder.state is self.state


def packaged_placeholders(*, simulated: bool) -> tuple[Placeholder, ...]:
    """Read the packaged placeholders, one per state in which no camera frame leaves; blocks.

    They are shown for a camera that never started, and so never drew its own. One whose file is
    missing or damaged is left out.
    """
    found = []
    for state in WORDS:
        try:
            small = _packaged(state, SMALL_SIZE, simulated=simulated)
            whole = _packaged(state, SIZE, simulated=simulated)
        except (OSError, ValueError) as error:
            log.warning("There is no picture for %r: %s. Install likelight again", state, error)
        else:
            found.append(replace(whole, small=small))
    return tuple(found)


def _packaged(state: State, size: tuple[int, int], *, simulated: bool) -> Placeholder:
    file = partial(placeholder_file, state, simulated=simulated, small=size == SMALL_SIZE)
    return Placeholder.from_keyframe(
        state, file("h264").read_bytes(), file("jpg").read_bytes(), *size
    )
