"""The placeholders that the camera process draws at the size of its stream."""

from likelight.assets.placeholder_words import INK, PAPER, PRIVATE_INK, SIMULATED, WORDS
from likelight.contract import State
from likelight_hw.ports import PlaceholderSpec


def placeholder_specs(*, simulated: bool) -> tuple[PlaceholderSpec, ...]:
    """Return what to draw for every state in which no camera frame leaves."""
    return tuple(
        PlaceholderSpec(
            name=state.value,
            title=title,
            paper=PAPER,
            ink=PRIVATE_INK if state is State.PRIVATE else INK,
            badge=SIMULATED if simulated else None,
        )
        for state, title in WORDS.items()
    )
