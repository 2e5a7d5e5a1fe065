"""What the lamp shows until a new device has reached its cloud: long swells, then short ones.

The long ones say how far it has come: 1 into the network, 2 to the cloud's name and the right time,
3 to the cloud, 4 into its kitchen. The short ones say which obstacle of these it is. All stay below
a tenth of the scale above the base, from where on a rise counts as one for likes.
"""

from typing import Final, NamedTuple

from likelight.appreciation.lamp.effects import Key
from likelight.appreciation.lamp.palette import Tint
from likelight.appreciation.obstacle import Obstacle

LIFT: Final = 0.08
"""It more than doubles the base's 0.06, and is a fifth of what one like lifts."""
PAUSE_S: Final = 4.0
"""Five times as long as a gap, so that the beginning is seen."""
_RISE_S, _GAP_S = 0.4, 0.8
_LONG_S, _SHORT_S = 1.2, 0.2


class Pattern(NamedTuple):
    """So many long swells, and so many short ones after them."""

    long: int
    short: int

    def __str__(self) -> str:
        return f"{self.long} long, {self.short} short"

    @property
    def keys(self) -> tuple[Key, ...]:
        """One round, with the pause first; it begins and ends without lift."""
        keys, at = [Key(0.0, 0.0, Tint.BASE)], PAUSE_S - _GAP_S
        for hold_s in (*[_LONG_S] * self.long, *[_SHORT_S] * self.short):
            begin = at + _GAP_S
            top = begin + _RISE_S
            at = top + hold_s + _RISE_S
            for moment, lift in ((begin, 0.0), (top, LIFT), (top + hold_s, LIFT), (at, 0.0)):
                keys.append(Key(moment, lift, Tint.BASE))
        return tuple(keys)


PATTERNS: Final = {
    Obstacle.WIFI_OFF: Pattern(1, 3),
    Obstacle.WIFI_UNSEEN: Pattern(1, 2),
    Obstacle.WIFI_REFUSED: Pattern(1, 1),
    Obstacle.NO_LINK: Pattern(1, 4),
    Obstacle.NO_ADDRESS: Pattern(2, 1),
    Obstacle.NO_NAME: Pattern(2, 2),
    Obstacle.WRONG_TIME: Pattern(2, 3),
    Obstacle.LOG_IN: Pattern(3, 1),
    Obstacle.NOT_SECURE: Pattern(3, 2),
    Obstacle.NO_ANSWER: Pattern(3, 3),
    Obstacle.CODE_USED: Pattern(4, 1),
    Obstacle.CODE_VOID: Pattern(4, 2),
    Obstacle.NOT_CLAIMED: Pattern(4, 3),
}
