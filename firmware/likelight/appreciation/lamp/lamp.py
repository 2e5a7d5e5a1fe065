"""The lamp: it answers likes at once, and says that it lit only when it did.

A command or a button may make it wait: no like is lost, and none is reported as lit before it was.
What waited is shown as one gesture.
"""

import asyncio
import logging
import math
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from likelight.appreciation.lamp.effects import (
    FAINTEST_DIM,
    FELT,
    MILESTONE,
    NOTE,
    THANKS,
    Base,
    Effect,
    effect,
)
from likelight.appreciation.lamp.output import LampOutput
from likelight.appreciation.lamp.palette import BRAND, Palette
from likelight.appreciation.lamp.patterns import PATTERNS, Pattern
from likelight.appreciation.lamp.pending import PendingLikes
from likelight.appreciation.lamp.scene import Scene
from likelight.appreciation.lamp.trial import Planned, with_every_effect
from likelight.appreciation.obstacle import Obstacle
from likelight.runtime.clock import Now
from likelight.runtime.log import NOT_FOR_THE_JOURNAL
from likelight_hw.ports import LightFrame, Lights

logger = logging.getLogger(__name__)

FRAME_S = 0.020
# The smallest rise above the base that counts as lit: a tenth of the whole scale is visible even to
# somebody who looks elsewhere.
LIT = 0.1


class Hold(StrEnum):
    """Why the lamp shows nothing new."""

    PAUSED = "paused"
    """Likes and notes wait; the crew's own buttons are still answered."""
    MUTED = "muted"
    """The lamp stays at its base."""
    OFF = "off"
    """The lamp is dark."""


class Lamp:
    """Shows base and gestures on `lights`, which stand behind the flash governor.

    `on_frame(frame)` is called at each change of what is shown; `on_lit(total, at)` when the lamp
    has really risen by a tenth or more in the gesture that carries `total`, the cloud's
    cumulative count of likes. Both are called on the event loop, as all methods must be.

    A lamp that does not answer is tried again, with back-off. What it missed is then shown as one
    gesture, and `on_lit` called for it.
    """

    def __init__(
        self,
        lights: Lights,
        *,
        now: Now,
        on_frame: Callable[[LightFrame], None],
        on_lit: Callable[[int, datetime], None],
        palette: Palette = BRAND,
    ) -> None:
        self._output = LampOutput(lights, on_frame)
        self._now = now
        self._on_lit = on_lit
        self._scene = Scene(palette=palette)
        self._base = Base.QUIET
        self._pattern: Pattern | None = None
        self._dim = 1.0
        self._holds: frozenset[Hold] = frozenset()
        self._woken = asyncio.Event()
        self._pending: PendingLikes | None = None
        self._tests = 0

    @property
    def frame(self) -> LightFrame:
        """What the lamp shows now; dark when it does not answer."""
        return self._output.shown

    @property
    def trouble(self) -> str:
        """Why the lamp does not answer; empty when it does."""
        return self._output.trouble

    def set_base(self, base: Base) -> None:
        """Fade to what the lamp shows while nothing happens."""
        self._base, self._pattern = base, None
        self._apply_base()

    def show_obstacle(self, obstacle: Obstacle) -> None:
        """Show while nothing happens what keeps a new device from its cloud."""
        self._base, self._pattern = Base.SETUP, PATTERNS[obstacle]
        self._apply_base()

    def set_dim(self, dim: float) -> None:
        """Dim for the night: the base is dark, gestures rise by the share `dim`, 0..1; 1 is day.

        What is fainter than `FAINTEST_DIM` would not be seen as a sign of likes, so such a share
        counts as `FAINTEST_DIM`; with 0 likes wait.
        """
        waited = self._waiting
        self._dim = max(dim, FAINTEST_DIM) if dim > 0 else 0.0
        self._apply_dim()
        self._catch_up(waited)

    @property
    def holds(self) -> frozenset[Hold]:
        """Why the lamp shows nothing new; empty when it does."""
        return self._holds

    def hold(self, why: Hold) -> None:
        """Let likes wait from now on; a pause cuts no gesture short that is under way."""
        if why not in self._holds:
            logger.info("The lamp is %s, on command", why)
        self._holds |= {why}
        if why is not Hold.PAUSED:
            self._play(self._scene.silenced(_time()))
        self._apply_dim()
        self._apply_base()

    def release(self, why: Hold) -> None:
        """End one reason to wait. After the last, what waited is shown as one gesture."""
        if why in self._holds:
            logger.info("The lamp is not %s any more", why)
        waited = self._waiting
        self._holds -= {why}
        self._apply_dim()
        self._apply_base()
        self._catch_up(waited)

    def likes(self, delta: int, total: int) -> None:
        """Glow for `delta` new likes, `total` in all. A delta of 0 is not news."""
        if delta > 0:
            self._add_pending(delta, total)
            if not self._waiting:
                self._glow(self._scene.with_likes(delta, _time()), PendingLikes(delta, total))
                self._woken.set()

    def welcome_back(self, delta: int, total: int) -> None:
        """Show what an outage left over as one long gesture."""
        if delta > 0:
            self._add_pending(delta, total)
            if not self._waiting:
                self._glow(self._scene.with_welcome(delta, _time()), PendingLikes(delta, total))
                self._woken.set()

    def note(self) -> None:
        """Show that there is something to read."""
        if not self._waiting:
            self._play(self._scene.with_effect(NOTE, _time()))

    def thanks(self) -> None:
        """Answer the crew's THANKS button."""
        self._answer(THANKS)

    def felt(self) -> None:
        """Answer a button that goes down, at once, before it is known what the press means."""
        self._answer(FELT)

    def play(self, name: str) -> tuple[Planned, ...]:
        """Show the effect `name` to somebody who tries the lamp; it counts for nothing.

        Raises `UnknownEffect`.
        """
        shown = effect(name)
        self._play(self._scene.with_effect(shown, _time(), slot="played"))
        logger.info("The lamp shows %s, as a test", name)
        return (Planned(shown, 0.0),)

    def test(self) -> tuple[Planned, ...]:
        """Show every effect, one after the other, as a test; return when each begins."""
        self._tests += 1
        scene, plan = with_every_effect(self._scene, _time(), self._tests)
        self._play(scene)
        logger.info("The lamp shows every effect once, as a test")
        return plan

    async def run(self) -> None:
        """Drive the lamp, for ever; off at the end."""
        self._output.open()
        try:
            while True:
                self._woken.clear()
                pause = self._render(_time())
                if self._output.retry_s is None:
                    await self._rest(pause)
                else:
                    # New likes do not make us try a lamp that does not answer any sooner.
                    await asyncio.sleep(self._output.retry_s)
        finally:
            self._output.close()

    def _play(self, scene: Scene) -> None:
        if scene is not self._scene:
            self._scene = scene
            self._woken.set()

    def _glow(self, scene: Scene, likes: PendingLikes) -> None:
        """Show `scene`, and with it the milestone that `likes` passed, if there is one."""
        if likes.milestone:
            scene = scene.with_effect(MILESTONE, _time())
        self._scene = scene

    def _catch_up(self, waited: bool) -> None:
        """Show the likes that waited, if any and if nothing holds them back, even over an older
        glow."""
        if waited and not self._waiting:
            self._show_pending()
            self._woken.set()

    def _show_pending(self) -> None:
        if pending := self._pending:
            self._glow(self._scene.with_welcome(pending.count, _time()), pending)

    def _answer(self, answer: Effect) -> None:
        if self._holds <= {Hold.PAUSED}:
            self._play(self._scene.with_effect(answer, _time()))

    def _apply_base(self) -> None:
        pattern = None if Hold.MUTED in self._holds else self._pattern
        self._play(self._scene.with_base(self._base, _time(), pattern))

    def _apply_dim(self) -> None:
        dim = 0.0 if Hold.OFF in self._holds else self._dim
        self._play(self._scene.with_dim(dim, _time()))

    @property
    def _waiting(self) -> bool:
        return bool(self._holds) or self._dim == 0

    def _add_pending(self, delta: int, total: int) -> None:
        self._pending = (self._pending or PendingLikes(0, total)).plus(delta, total)

    def _render(self, at: float) -> float:
        """Write one frame; return after how many seconds the next is due."""
        # A frame stands until the next one, so it shows the instant at its end. That is what
        # lets the first frame after a tap already glow.
        until = at + FRAME_S
        if not self._waiting and not self._scene.glows(until):
            self._show_pending()  # the gesture passed while the lamp did not answer
        was_lost = self._output.retry_s is not None
        shown = self._output.write(self._scene.frame(until), at)
        if shown is None:
            return FRAME_S
        if was_lost and not self._waiting:
            self._show_pending()
        self._confirm_lit(shown, until)
        if self._output.settling(at):
            return FRAME_S
        return max(FRAME_S, self._scene.still_until(until) - until)

    def _confirm_lit(self, shown: LightFrame, at: float) -> None:
        """Report that the lamp lit, once it has."""
        if self._pending is None or self._waiting:
            return  # what still glows is older than what waits
        rise = shown.level - self._scene.base_frame(at).level
        if min(rise, self._scene.glow(at)) < LIT:
            return
        lit, self._pending = self._pending, None
        if lit.count == 1:
            logger.info("A like arrived; the lamp lit", extra=NOT_FOR_THE_JOURNAL)
        else:
            logger.info("The lamp lit for %s likes", f"{lit.count:,}", extra=NOT_FOR_THE_JOURNAL)
        if lit.milestone:
            logger.info("%s likes in all: the lamp celebrates", f"{lit.milestone:,}")
        self._on_lit(lit.total, self._now())

    async def _rest(self, pause: float) -> None:
        """Sleep until the next frame is due or something happens."""
        try:
            async with asyncio.timeout(pause if math.isfinite(pause) else None):
                await self._woken.wait()
        except TimeoutError:
            pass


def _time() -> float:
    return asyncio.get_running_loop().time()
