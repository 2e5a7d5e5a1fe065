"""The one back-off of the device: how long each part waits after its next failure."""

import random

import pytest

from likelight.runtime.backoff import Backoff


class Extreme(random.Random):
    """Draws always the `share` of a range."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = share

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self._share


@pytest.mark.parametrize(
    ("rng", "jitter", "pauses"),
    [
        (None, 1.0, [2, 4, 8, 10, 10]),
        (Extreme(1), 1.0, [2, 4, 8, 10, 10]),
        (Extreme(0), 1.0, [0, 0, 0, 0, 10]),
        (Extreme(1), 0.5, [2, 4, 8, 10, 10]),
        (Extreme(0), 0.5, [1, 2, 4, 5, 10]),
    ],
)
def test_pauses_double_up_to_the_cap_and_begin_again_after_a_reset(
    rng: random.Random | None, jitter: float, pauses: list[float]
) -> None:
    backoff = Backoff(rng, base=2, cap=10, jitter=jitter)
    for _ in range(2):
        assert backoff.fresh
        assert [backoff.next() for _ in pauses] == pauses
        assert not backoff.fresh
        backoff.reset()


def test_a_failure_that_lasts_for_ever_is_not_an_error_of_the_back_off() -> None:
    backoff = Backoff(None, base=0.1, cap=60)
    assert [backoff.next() for _ in range(3000)][-1] == 60
