"""The lamp: it answers likes at once, and says that it lit only when it did."""

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from likelight.appreciation.effects import Base, Scene
from likelight.clock import Now
from likelight_hw.ports import DARK, HardwareError, LightFrame, Lights

logger = logging.getLogger(__name__)

FRAME_S = 0.020
# The smallest rise above the base that counts as lit: a tenth of the whole scale is seen from
# the corner of an eye.
LIT = 0.1
# The governor reaches any frame within 3 s. One that still differs then is one that it never
# shows (saturated red), and asking on would be a loop without an end.
SETTLE_S = 3.0
RETRY_FIRST_S = 1.0
RETRY_MOST_S = 30.0


@dataclass(frozen=True, slots=True)
class _Unlit:
    """Likes for which the lamp has not lit yet, and the cloud's total with them."""

    count: int
    total: int


class Lamp:
    """Shows base and gestures on `lights`, which stand behind the flash governor.

    `on_frame(frame)` is called at each change of what is shown; `on_lit(total, at)` when the lamp
    has really risen by a tenth or more in the gesture that carries `total`, the cloud's
    cumulative count of likes. Both are called on the event loop, as all methods must be.

    A lamp that does not answer is asked again, with back-off. What it missed is then shown as one
    gesture, and `on_lit` called for it.
    """

    def __init__(
        self,
        lights: Lights,
        *,
        now: Now,
        on_frame: Callable[[LightFrame], None],
        on_lit: Callable[[int, datetime], None],
    ) -> None:
        self._lights = lights
        self._now = now
        self._on_frame = on_frame
        self._on_lit = on_lit
        self._scene = Scene()
        self._woken = asyncio.Event()
        self._shown = DARK
        self._asked: LightFrame | None = None
        self._settle_by = -math.inf
        self._unlit: _Unlit | None = None
        self._retry_s: float | None = None

    @property
    def frame(self) -> LightFrame:
        """What the lamp shows now; dark when it does not answer."""
        return self._shown

    def set_base(self, base: Base) -> None:
        """Fade to what the lamp shows while nothing happens."""
        self._play(self._scene.with_base(base, _time()))

    def likes(self, delta: int, total: int) -> None:
        """Glow for `delta` new likes, `total` in all. A delta of 0 is no news."""
        if delta > 0:
            self._owe(delta, total)
            self._play(self._scene.with_likes(delta, _time()))

    def welcome_back(self, delta: int, total: int) -> None:
        """Show what an outage left over as one long gesture."""
        if delta > 0:
            self._owe(delta, total)
            self._play(self._scene.with_welcome(delta, _time()))

    def note(self) -> None:
        """Show that there is something to read."""
        self._play(self._scene.with_note(_time()))

    def thanks(self) -> None:
        """Answer the crew's THANKS button."""
        self._play(self._scene.with_thanks(_time()))

    async def run(self) -> None:
        """Drive the lamp, for ever; off at the end."""
        self._asked = None
        try:
            while True:
                self._woken.clear()
                pause = self._render(_time())
                if self._retry_s is None:
                    await self._rest(pause)
                else:
                    # A flood of likes must not hammer on a lamp that is gone.
                    await asyncio.sleep(self._retry_s)
        finally:
            self._lights.close()
            self._show(DARK)

    def _play(self, scene: Scene) -> None:
        self._scene = scene
        self._woken.set()

    def _owe(self, delta: int, total: int) -> None:
        before = self._unlit or _Unlit(0, total)
        self._unlit = _Unlit(before.count + delta, max(before.total, total))

    def _render(self, at: float) -> float:
        """Write one frame; return for how many seconds it stays right."""
        # A frame stands until the next one, so it shows the instant at its end. That is what
        # lets the first frame after a tap already glow.
        until = at + FRAME_S
        if self._unlit and self._scene.glow(until) <= 0:
            # The gesture passed while the lamp was gone.
            self._scene = self._scene.with_welcome(self._unlit.count, at)
        asked = self._scene.frame(until)
        if asked != self._asked:
            self._asked, self._settle_by = asked, at + SETTLE_S
        try:
            shown = self._lights.write(asked)
        except HardwareError as error:
            self._lost(error)
            return FRAME_S
        self._answered()
        self._show(shown)
        self._settle_debt(shown, until)
        if shown != asked and at < self._settle_by:
            return FRAME_S
        return max(FRAME_S, self._scene.still_until(until) - until)

    def _settle_debt(self, shown: LightFrame, at: float) -> None:
        """Say that the lamp lit, once it did."""
        rise = shown.level - self._scene.base_frame(at).level
        if self._unlit is None or min(rise, self._scene.glow(at)) < LIT:
            return
        lit, self._unlit = self._unlit, None
        if lit.count == 1:
            logger.info("A like arrived; the lamp lit")
        else:
            logger.info("The lamp lit for %s likes", f"{lit.count:,}")
        self._on_lit(lit.total, self._now())

    def _show(self, shown: LightFrame) -> None:
        if shown != self._shown:
            self._shown = shown
            self._on_frame(shown)

    def _lost(self, error: HardwareError) -> None:
        if self._retry_s is None:
            logger.warning("The lamp does not answer: %s. Likes wait until it does", error)
            self._retry_s = RETRY_FIRST_S
        else:
            self._retry_s = min(2 * self._retry_s, RETRY_MOST_S)
        self._asked = None  # when it is back it begins in the dark, and has to be led up again
        self._show(DARK)

    def _answered(self) -> None:
        if self._retry_s is not None:
            self._retry_s = None
            logger.info("The lamp answers again")

    async def _rest(self, pause: float) -> None:
        """Sleep until the next frame is due or something happens."""
        try:
            async with asyncio.timeout(pause if math.isfinite(pause) else None):
                await self._woken.wait()
        except TimeoutError:
            pass


def _time() -> float:
    return asyncio.get_running_loop().time()
