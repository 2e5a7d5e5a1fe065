"""One gate, one light: may camera frames leave the kitchen, and does the crew see that they do?

rule.py decides from the conditions alone. `OnAir` carries that out in the one safe order: the
light goes on before the first frame can leave, and off only after the gate has shut.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from likelight.contract import CameraReport, Cause, State
from likelight.gate.rule import Conditions, Decision, decide
from likelight.runtime.clock import Now
from likelight_hw.ports import CameraStatus, HardwareError, Indicator

log = logging.getLogger(__name__)

REOPEN_AFTER_S = 1.0
"""A gate that shut, or whose privacy was lifted, opens no sooner; a double press can't flicker."""
RETRY_LIGHT_S = 5.0
"""An on-air light that failed is tried again this often; until then no frame leaves. One that does
not go out is told to as often."""
WATCH_LIGHT_S = 0.5
"""While the gate is open, the light is looked at this often: one that went out shuts the gate."""
RETRY_STORE_S = 5.0
"""Privacy that could not be stored holds all the same, and is stored anew this often."""
LAST_STORE_S = 2.0
"""How long the end of the process waits for a privacy that is not stored yet."""
LINGER_S = 10.0
"""How long demand outlives the last viewer: a page reload must not stop the camera."""


class Sensor(Protocol):
    """What the gate asks of a camera."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class OnAir:
    """The gate and its light. All changes take effect before the call returns.

    `show` tells the feed which state holds; it must drop every camera frame at once for any state
    but `LIVE`. `keep_private` makes the crew's wish durable, or raises `OSError`. `on_change` hears
    of each new state.
    """

    def __init__(
        self,
        sensor: Sensor,
        indicator: Indicator,
        *,
        show: Callable[[State], None],
        keep_private: Callable[[bool], Awaitable[None]],
        on_change: Callable[[], None],
        now: Now,
    ) -> None:
        self._sensor = sensor
        self._indicator = indicator
        self._show = show
        self._keep_private = keep_private
        self._on_change = on_change
        self._now = now
        self._conditions = Conditions()
        self._decision = decide(self._conditions)
        self._since = now()
        self._open = False
        self._reopen_at = float("-inf")
        self._unwatched_at: float | None = None
        self._dark_at = float("-inf")
        self._light_obeys = True
        self.light_trouble = ""
        """Why the on-air light can't be switched; empty while it can."""
        self._lighted = False
        """It was told to go on, and has not gone out since as far as can be known."""
        self._opens_at: datetime | None = None
        self._alive = False
        self._wish = self._stored = True
        self._unstorable = False
        self._wished = asyncio.Event()
        self._changed = asyncio.Event()
        show(self._decision.state)

    @property
    def state(self) -> State:
        return self._decision.state

    @property
    def since(self) -> datetime:
        return self._since

    @property
    def lit(self) -> bool:
        """Whether the on-air light is on."""
        return self._glows()

    @property
    def open(self) -> bool:
        """Whether camera frames may leave."""
        return self._open

    @property
    def wants_privacy(self) -> bool:
        """What the crew wished last, stored or not."""
        return self._wish

    @property
    def report(self) -> CameraReport:
        """The camera's part of a `Status`."""
        closed = self.state is State.CLOSED
        return CameraReport(
            state=self.state,
            since=self._since,
            cause=self._decision.cause,
            opens_at=self._opens_at if closed else None,
        )

    async def run(self) -> None:
        """Let the gate open, and carry out what waits for time to pass; shut it in the end.

        A privacy that is not stored yet is stored then.
        """
        self._alive = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._mind_the_time())
                group.create_task(self._mind_the_wish())
        finally:
            self._alive = False
            try:
                self._shut()
            finally:
                await self._store_at_last()

    def use_stored_privacy(self, *, private: bool) -> None:
        """Take over at start what the crew wished."""
        self._wish = self._stored = private
        self._change(replace(self._conditions, private=private))

    def start_privacy(self) -> None:
        """Shut at once, and see to it that the wish is stored."""
        self._wish = True
        self._wished.set()
        self._change(replace(self._conditions, private=True))

    def end_privacy(self) -> None:
        """Share again, once that is stored; what can't be stored leaves the kitchen private."""
        self._wish = False
        self._wished.set()
        # A moment to think better of it, counted from the press.
        reopen_at = asyncio.get_running_loop().time() + REOPEN_AFTER_S
        self._reopen_at = max(self._reopen_at, reopen_at)

    def on_demand(self, watched: bool) -> None:
        """Somebody watches, or nobody does any more."""
        if watched:
            self._unwatched_at = None
            self._change(replace(self._conditions, demand=True))
        elif self._conditions.demand and self._unwatched_at is None:
            self._unwatched_at = asyncio.get_running_loop().time()
            self._changed.set()

    def on_camera(self, status: CameraStatus) -> None:
        self._change(replace(self._conditions, camera=status.phase))

    def on_desired(self, on: bool) -> None:
        self._change(replace(self._conditions, desired_on=on))

    def on_consent(self, consented: bool) -> None:
        """The crew agrees to the camera, or does not any more."""
        self._change(replace(self._conditions, consented=consented))

    def on_hours(self, is_open: bool, opens_at: datetime | None) -> None:
        """The kitchen's hours began or ended; `opens_at` is when they begin next."""
        before, self._opens_at = self.report, opens_at
        self._change(replace(self._conditions, open_hours=is_open))
        if before.state is self.state and before != self.report:
            self._tell()

    def on_privacy_button(self, works: bool) -> None:
        self._change(replace(self._conditions, privacy_works=works))

    def on_admitted(self, admitted: bool) -> None:
        self._change(replace(self._conditions, admitted=admitted))

    async def _mind_the_time(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._changed.clear()
            self._apply()
            deadline = self._next_deadline()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._changed.wait()
            except TimeoutError:
                self._expire(loop.time())

    async def _mind_the_wish(self) -> None:
        if self._stored is not self._wish:
            self._wished.set()
        while True:
            await self._wished.wait()
            self._wished.clear()
            if not await self._store():
                with suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_STORE_S):
                        await self._wished.wait()
                self._wished.set()

    async def _store(self) -> bool:
        """Store the crew's wish, and share again if that is it; return whether nothing is left."""
        wish = self._wish
        try:
            await self._keep_private(wish)
        except OSError as error:
            self._refused(wish, error)
            return self._stored is self._wish
        self._stored = wish
        if wish is not self._wish:
            return False
        unstorable, self._unstorable = self._unstorable, False
        if not wish:
            self._change(replace(self._conditions, private=False))
            log.info("PRIVACY: the crew shares again")
        elif unstorable:
            log.info("Privacy is stored now, and survives a restart")
        else:
            log.info("PRIVACY: the camera is off, also after a restart")
        return True

    def _refused(self, wish: bool, error: OSError) -> None:
        if not wish:
            self._wish = True
            log.error("The kitchen stays private, for it can't be stored: %s", error)
        elif not self._unstorable:
            self._unstorable = True
            log.error("Privacy holds, but would not survive a restart: %s", error)

    async def _store_at_last(self) -> None:
        if not self._wish or self._stored:
            return
        try:
            # Not asyncio.timeout(), for we are being cancelled: see likelight_hw/child/ending.py.
            await asyncio.wait_for(self._keep_private(True), LAST_STORE_S)
        except (OSError, TimeoutError) as error:
            log.exception("Privacy could not be stored: %s", str(error) or "the disk hangs")
        else:
            self._stored = True

    def _change(self, conditions: Conditions) -> None:
        if conditions != self._conditions:
            self._conditions = conditions
            # Before anything can fail: `run` then sees to what this call leaves undone.
            self._changed.set()
            self._apply()

    def _apply(self) -> None:
        """Bring gate, light, camera and feed in line with the conditions."""
        decision = decide(self._conditions)
        now = asyncio.get_running_loop().time()
        if decision.gate_open and not self._open and (not self._alive or now < self._reopen_at):
            decision = Decision(State.IDLE, Cause.DEMAND, gate_open=False)
        if not decision.gate_open:
            try:
                self._announce(decision)
            finally:
                self._shut()
        elif not (self._glows() if self._open else self._light(True)):
            self._dark_at = now
            self._change(replace(self._conditions, indicator_works=False))
        elif self._open:
            self._announce(decision)
        else:
            self._open = True
            self._sensor.start()
            self._announce(decide(self._conditions))

    def _shut(self) -> None:
        """Gate first, then the sensor, then the light.

        A feed that fails to let go of its picture keeps the light on.
        """
        try:
            if self._decision.state is State.LIVE:
                self._announce(Decision(State.IDLE, Cause.DEMAND, gate_open=False))
        finally:
            if self._open:
                self._open = False
                self._reopen_at = asyncio.get_running_loop().time() + REOPEN_AFTER_S
                self._sensor.stop()
        if self._lighted or self._glows():
            self._light(False)

    def _announce(self, decision: Decision) -> None:
        before = self._decision
        if decision.state is not before.state:
            self._show(decision.state)
            self._since = self._now()
        self._decision = decision
        if (decision.state, decision.cause) != (before.state, before.cause):
            self._tell()
        if decision.state is not before.state:
            log.info("The kitchen is %s", decision.state.value)

    def _tell(self) -> None:
        """Say that the report has changed; a listener that fails holds up no gate and no press."""
        try:
            self._on_change()
        except Exception:
            log.exception("The gate is %s, but what shows it failed", self.state.value)

    def _light(self, on: bool) -> bool:
        """Switch the light; return whether it obeyed."""
        trouble = "it does not obey"
        self._lighted = self._lighted or on
        try:
            self._indicator.set(on)
            obeys = self._glows() is on
        except HardwareError as error:
            trouble, obeys = str(error), False
        obeyed = self._light_obeys
        if on or not obeys:
            self._light_obeys, self.light_trouble = obeys, "" if obeys else trouble
        self._lighted = on or not obeys
        if obeyed and not obeys:
            log.error("The on-air light can't be switched: %s", trouble)
        elif on and obeys and not obeyed:
            log.info("The on-air light works again")
        return obeys

    def _glows(self) -> bool:
        """Whether the light is on, as far as can be known."""
        try:
            return self._indicator.lit
        except HardwareError:
            return False

    def _expire(self, now: float) -> None:
        if self._unwatched_at is not None and now >= self._unwatched_at + LINGER_S:
            self._unwatched_at = None
            self._change(replace(self._conditions, demand=False))
        if not self._conditions.indicator_works and now >= self._dark_at + RETRY_LIGHT_S:
            self._change(replace(self._conditions, indicator_works=True))

    def _next_deadline(self) -> float | None:
        deadlines = []
        if self._unwatched_at is not None:
            deadlines.append(self._unwatched_at + LINGER_S)
        if not self._conditions.indicator_works:
            deadlines.append(self._dark_at + RETRY_LIGHT_S)
        now = asyncio.get_running_loop().time()
        if self._open:
            deadlines.append(now + WATCH_LIGHT_S)
        elif decide(self._conditions).gate_open:
            deadlines.append(self._reopen_at)
        elif self._lighted or self._glows():
            deadlines.append(now + RETRY_LIGHT_S)
        return min(deadlines, default=None)


class PrivacyButton:
    """What PRIVACY does: it shuts when it is pressed, and shares again when it is let go.

    So neither a wedged cap nor a wire that chatters ever puts the kitchen on air.
    """

    def __init__(self, on_air: OnAir) -> None:
        self._on_air = on_air
        self._lifts = False

    def pressed(self) -> None:
        self._lifts = self._on_air.wants_privacy
        if not self._lifts:
            self._on_air.start_privacy()

    def released(self) -> None:
        if self._lifts:
            self._on_air.end_privacy()

    def cancelled(self) -> None:
        self._lifts = False
