"""Duty cycles in the whole steps that a piece of hardware has."""

from collections.abc import Sequence

# A red is saturated from R = 4 (G + B) on; the governor's own limit is 3.9, too.
_RED_LIMIT = 3.9

PERCENT = 100
_NUDGE = 1e-4


def whole_steps(duties: Sequence[float], steps: int) -> tuple[int, ...]:
    """Return `duties`, each 0..1, as whole numbers of 0..`steps`, nearest first.

    What glows at all stays at one step at least. Red, green and blue never round to a saturated
    red: a dim amber of 0.7, 0.4 and 0.2 % would come out as 1, 0 and 0, so green gets its step.
    """
    exact = [duty * steps for duty in duties]
    whole = [round(value) for value in exact]
    if any(exact) and not any(whole):
        whole[exact.index(max(exact))] = 1
    if len(whole) == 3:
        while whole[0] > _RED_LIMIT * (whole[1] + whole[2]):
            short = 1 if exact[1] - whole[1] >= exact[2] - whole[2] else 2
            whole[short] += 1
    return tuple(whole)


def gpiozero_value(percent: int, *, active_low: bool = False) -> float:
    """Return the value, 0..1, that gpiozero passes on as just this duty cycle in whole percents.

    It hands lgpio whole percents and truncates: 0.29 * 100 is 28.999..., so 28. What it truncates
    is turned a hundredth of a percent up first, which for an active-low output is down.
    """
    if not 0 < percent < PERCENT:
        return percent / PERCENT
    return percent / PERCENT + (-_NUDGE if active_low else _NUDGE)
