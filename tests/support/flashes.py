"""Counts flashes as WCAG 2.3.1 does, from what a lamp showed and when.

Written from the standards and from nothing in the product: it has its own lightness, its own
sRGB and its own way of counting, so that a mistake in one is not a mistake in both.
"""

from collections.abc import Sequence
from itertools import pairwise

from likelight_hw.ports import LightFrame

Light = tuple[float, float, float]
"""Linear red, green and blue, 0..1: what really came out of a lamp."""
History = Sequence[tuple[float, LightFrame | Light]]

WINDOW_S = 1.0
CHANGE = 0.10
BRIGHT = 0.80
RED_RATIO = 0.8
RED_DISTANCE = 0.2

_SRGB_TO_XYZ = (
    (0.4124, 0.3576, 0.1805),
    (0.2126, 0.7152, 0.0722),
    (0.0193, 0.1192, 0.9505),
)


def linear_rgb(frame: LightFrame | Light) -> Light:
    """Linear R, G and B of a frame, 1 at full white (WCAG's formula, and CIE L* for the level)."""
    if isinstance(frame, tuple):
        return frame
    star = frame.level * 100
    power = star * 27 / 24389 if star <= 8 else ((star + 16) / 116) ** 3
    red, green, blue = (
        power * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
        for c in (channel / 255 for channel in frame.rgb)
    )
    return red, green, blue


def luminance(frame: LightFrame | Light) -> float:
    red, green, blue = linear_rgb(frame)
    return red * 0.2126 + green * 0.7152 + blue * 0.0722


def opposing_changes(values: Sequence[float]) -> int:
    """The longest alternation of rises and falls of 10 % whose darker side is below 0.80."""
    return max(_alternations(values, rising=True), _alternations(values, rising=False))


def _alternations(values: Sequence[float], *, rising: bool) -> int:
    changes = 0
    pivot = values[0]
    for value in values:
        if value < pivot if rising else value > pivot:
            pivot = value
        elif abs(value - pivot) >= CHANGE and min(value, pivot) < BRIGHT:
            changes += 1
            pivot = value
            rising = not rising
    return changes


def flashes_in_worst_second(history: History) -> int:
    """The most pairs of opposing changes in any second; up-down-up is two of them.

    A window holds every change from its first to its last instant, both included.
    """
    values = [luminance(frame) for _, frame in history]
    worst = 0
    end = 0
    for start, (began, _) in enumerate(history):
        while end < len(history) and history[end][0] <= began + WINDOW_S:
            end += 1
        worst = max(worst, opposing_changes(values[max(0, start - 1) : end]) - 1)
    return worst


def is_saturated_red(frame: LightFrame | Light) -> bool:
    """Whether R/(R+G+B) is 0.8 or more, of linear light or of sRGB values: either counts."""
    light = linear_rgb(frame)
    # A red's sRGB values are less far apart than its light, so the light alone judges a lamp's.
    values = frame.rgb if isinstance(frame, LightFrame) else light
    ratios = (channels[0] / sum(channels) for channels in (light, values) if sum(channels) > 0)
    return sum(light) > 0 and any(ratio >= RED_RATIO for ratio in ratios)


def red_changes(history: History) -> int:
    """Changes to or from a saturated red by more than 0.2 in the CIE 1976 UCS diagram."""
    return sum(
        _chromaticity_distance(before, after) > RED_DISTANCE
        for (_, before), (_, after) in pairwise(history)
        if is_saturated_red(before) or is_saturated_red(after)
    )


def _chromaticity_distance(one: LightFrame | Light, other: LightFrame | Light) -> float:
    (u1, v1), (u2, v2) = _ucs(one), _ucs(other)
    return float(((u1 - u2) ** 2 + (v1 - v2) ** 2) ** 0.5)


def _ucs(frame: LightFrame | Light) -> tuple[float, float]:
    light = linear_rgb(frame)
    # Darkness has no chromaticity; the white point makes red-to-dark count.
    if sum(light) == 0:
        light = (1.0, 1.0, 1.0)
    x, y, z = (sum(w * c for w, c in zip(row, light, strict=True)) for row in _SRGB_TO_XYZ)
    divisor = x + 15 * y + 3 * z
    return 4 * x / divisor, 9 * y / divisor
