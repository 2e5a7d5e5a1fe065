"""No lamp flashes: every frame passes this governor on its way to any lamp driver.

WCAG 2.3.1 allows three flashes a second and more in small areas. A lamp lights a whole room and the
picture of everybody who watches, so likelight's rule is stricter, and holds for every frame that is
written:

  * at most 2 flashes in any second, a flash being two opposing changes of at least 10 % of full
    luminance (WCAG does not count changes above 80 % luminance; here they count too, and up-down-up
    is two flashes);
* no saturated red, so no red flash (ISO 9241-391: R/(R+G+B) >= 0.8 in linear light);
* a full edge takes at least 120 ms.

Why the first holds. The governor keeps a direction and the extreme luminance reached in it. A
retreat of less than 8.5 % from that extreme passes. A larger one is a *turn*: it reverses the
direction, and only happens while fewer than 2 turns lie in the last second; otherwise the lamp
keeps what it shows. After a rise of 10 % the direction can only be up, so a fall of 10 % that
follows holds a turn, and the same upside down: n flashes within a second need n turns in it.
The last 1.5 % belong to the drivers, which round to whole steps: of a change of 8.5 % they make
less than one of 10.

A lamp that is switched off at once, or lost, falls even when the count forbids it; so it stays dark
for a second. That holds for a relay, too, which is as bright for a dark blue as for white.
"""

import math
from collections import deque
from collections.abc import Callable

from likelight_hw.lamps.gamma import LINEAR, relative_luminance
from likelight_hw.ports import DARK, HardwareError, LightFrame, Lights, Rgb

TURNS = 2
WINDOW_S = 1.0
TURN_LUMINANCE = 0.085

# A write moves for the time since the last one, but at most for 20 ms (one frame at 50 Hz). From
# rest that is a seventh of an edge at once, and 120 ms for the other six.
FRAME_S = 0.020
EDGE_S = 0.120 + FRAME_S

_Place = tuple[float, float, float, float]


class FlashGovernor:
    """Wraps a lamp so that it can't strobe.

    `monotonic` returns seconds. What is held back is not lost: write the same frame again and
    the lamp gets there, in 3 s at most.
    """

    def __init__(self, lights: Lights, monotonic: Callable[[], float]) -> None:
        self.simulated = lights.simulated
        self._lights = lights
        self._monotonic = monotonic
        self._written_at = -math.inf
        # Colour is kept unrounded too, or a fast caller's tiny steps would all round to nothing.
        self._place: _Place = (0.0, 0.0, 0.0, 0.0)
        self._shown = DARK
        self._rising = False
        self._extreme = 0.0
        self._turns = deque([-math.inf] * TURNS, maxlen=TURNS)
        self._fell_at = -math.inf

    @property
    def shown(self) -> LightFrame:
        """What the lamp was told to show last."""
        return self._shown

    def write(self, frame: LightFrame) -> LightFrame:
        """Move towards `frame` as far as is safe now; return what the lamp shows.

        Levels and channels outside their range are clamped, saturated red comes out paler. A lamp
        that holds a change back itself (a relay that has just switched) decides what is returned.
        Raises `HardwareError` when the lamp is gone; it then counts as dark.
        """
        now = self._monotonic()
        place, shown = self._approach(_legal(frame), now)
        has_turned = self._is_turn(shown) and now - self._turns[0] <= WINDOW_S
        if has_turned or now - self._fell_at < WINDOW_S:
            place, shown = self._place, self._shown
        try:
            answer = self._lights.write(shown)
        except HardwareError:
            self._went_dark(now)
            raise
        self._remember(place, shown, now)
        return answer

    def close(self) -> None:
        """Switch the lamp off at once. The fall counts as a change if another frame is written."""
        self._lights.close()
        self._went_dark(self._monotonic())

    def _approach(self, goal: LightFrame, now: float) -> tuple[_Place, LightFrame]:
        """Return the place and the frame that an edge of `EDGE_S` reaches by `now`."""
        here = self._place
        there: _Place = (goal.level, *goal.rgb)
        # Darkness has no colour to fade from or to.
        if here[0] == 0:
            here = (0.0, *there[1:])
        aim: _Place = (0.0, *here[1:]) if goal.level == 0 else there
        moves = [end - begin for begin, end in zip(here, aim, strict=True)]
        distance = abs(moves[0]) + max(abs(move) for move in moves[1:]) / 255
        reach = min(max(now - self._written_at, 0.0), FRAME_S) / EDGE_S
        if distance <= reach:
            return there, goal
        share = reach / distance
        level, red, green, blue = (
            begin + share * move for begin, move in zip(here, moves, strict=True)
        )
        # A fade between two colours that are not red may pass through red.
        rgb = without_saturated_red((round(red), round(green), round(blue)))
        return (level, red, green, blue), LightFrame(level, rgb)

    def _retreat(self, shown: LightFrame) -> float:
        luminance = relative_luminance(shown)
        return self._extreme - luminance if self._rising else luminance - self._extreme

    def _is_turn(self, shown: LightFrame) -> bool:
        return self._retreat(shown) >= TURN_LUMINANCE

    def _remember(self, place: _Place, shown: LightFrame, now: float) -> None:
        if self._is_turn(shown):
            self._rising = not self._rising
            self._extreme = relative_luminance(shown)
            self._turns.append(now)
        elif self._retreat(shown) < 0:
            self._extreme = relative_luminance(shown)
        self._place, self._shown, self._written_at = place, shown, now

    def _went_dark(self, now: float) -> None:
        self._fell_at = now
        self._remember((0.0, 0.0, 0.0, 0.0), DARK, now)


def without_saturated_red(rgb: Rgb) -> Rgb:
    """Return `rgb` itself, or if it is a saturated red the same red with green and blue added.

    The ratio R/(R+G+B) of the result is below 0.8 in linear light; in sRGB values, where the
    ratio of a red is always smaller, too.
    """
    red, green, blue = (LINEAR[channel] for channel in rgb)
    if red <= 3.9 * (green + blue):
        return rgb
    paler = (red / 3.8 - green - blue) / 2
    return rgb[0], _at_least(green + paler), _at_least(blue + paler)


def _at_least(light: float) -> int:
    """Return the smallest sRGB channel value that gives at least this much linear light."""
    return next(channel for channel in range(256) if LINEAR[channel] >= light)


def _legal(frame: LightFrame) -> LightFrame:
    """Clamp level (NaN is dark) and channels, and take the saturation out of red."""
    level = min(max(0.0, frame.level), 1.0)
    red, green, blue = (min(max(0, channel), 255) for channel in frame.rgb)
    return LightFrame(level, without_saturated_red((red, green, blue)))
