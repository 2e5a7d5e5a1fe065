"""The gate: may camera frames leave the kitchen, and does the crew see that they do?

rule.py decides from the conditions alone. `OnAir` carries that out in the one safe order: the
light goes on before the first frame can leave, and off only after the gate has shut.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from likelight.contract import CameraReport, Cause, State
from likelight.gate.light import OnAirLight
from likelight.gate.privacy import DurablePrivacy
from likelight.gate.rule import Conditions, Decision, decide, in_words
from likelight.runtime.clock import Now, Since
from likelight_hw.ports import CameraStatus, Indicator

log = logging.getLogger(__name__)

REOPEN_AFTER_S = 1.0
"""A gate that shut, or whose privacy ended, opens no sooner; a double press can't flicker."""
RETRY_LIGHT_S = 5.0
"""A light that failed to go on is tried again this often, and no frame leaves until then. One that
did not go out is switched off again as often."""
WATCH_LIGHT_S = 0.5
"""While the gate is open, the light is read this often: one that went out shuts the gate."""
DEMAND_LASTS_S = 10.0
"""The camera goes on this long after the last viewer left: a page reload must not stop it."""


class SwitchableCamera(Protocol):
    """What the gate does with a camera."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class OnAir:
    """The gate and its light. All changes take effect before the call returns.

    `show` receives each new state; it must drop every camera frame at once for any state but
    `LIVE`. `store_privacy` makes the crew's wish durable, or raises `OSError`. `on_change` is
    called after each change of the report. Unless it is `configured`, the gate never opens.
    """

    def __init__(
        self,
        camera: SwitchableCamera,
        indicator: Indicator,
        *,
        show: Callable[[State], None],
        store_privacy: Callable[[bool], Coroutine[object, object, None]],
        on_change: Callable[[], None],
        now: Now,
        configured: bool = True,
    ) -> None:
        self.light = OnAirLight(indicator)
        """For others to read; only the gate switches it."""
        self._camera = camera
        self._privacy = DurablePrivacy(store_privacy, on_sharing_stored=self._share)
        self._show = show
        self._on_change = on_change
        self._now = now
        self._conditions = Conditions(configured=configured)
        self._decision = decide(self._conditions)
        self._unknown = {"consent", "hours"}
        """What has not been told since the start; until then the log says nothing of the state."""
        self._logged = ""
        self._since = Since(now)
        self._opens_at: datetime | None = None
        self._open = False
        self._running = False
        self._reopen_at = float("-inf")
        self._retry_light_at = float("-inf")
        self._demand_ends_at: float | None = None
        """Times of the loop's clock."""
        self._conditions_changed = asyncio.Event()
        show(self._decision.state)

    @property
    def state(self) -> State:
        return self._decision.state

    @property
    def open(self) -> bool:
        """Whether camera frames may leave."""
        return self._open

    @property
    def wants_privacy(self) -> bool:
        """What the crew asked for last, stored or not."""
        return self._privacy.wanted

    @property
    def report(self) -> CameraReport:
        """The camera's part of a `Status`."""
        return CameraReport(
            state=self.state,
            since=self._since.wall,
            cause=self._decision.cause,
            opens_at=self._opens_at,
        )

    async def run(self) -> None:
        """Let the gate open, and do what is due at a later time; shut the gate at the end.

        A privacy that is not stored yet is stored then.
        """
        self._running = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._apply_for_ever())
                group.create_task(self._privacy.run())
        finally:
            self._running = False
            try:
                self._shut()
            finally:
                await self._privacy.store_before_exit()

    def use_stored_privacy(self, *, private: bool) -> None:
        """Begin with what the disk holds of the crew's wish."""
        self._privacy.use_stored(private)
        self._set(replace(self._conditions, private=private))

    def start_privacy(self) -> None:
        """Shut at once, and store the wish."""
        self._privacy.want(True)
        self._set(replace(self._conditions, private=True))

    def end_privacy(self) -> None:
        """Share again once the disk holds it; if it can't be stored, the kitchen stays private."""
        self._privacy.want(False)
        # The crew has one second, from this press, to press again.
        reopen_at = asyncio.get_running_loop().time() + REOPEN_AFTER_S
        self._reopen_at = max(self._reopen_at, reopen_at)

    def on_demand(self, watched: bool) -> None:
        """Take whether anybody watches."""
        if watched:
            self._demand_ends_at = None
            self._set(replace(self._conditions, demand=True))
        elif self._conditions.demand and self._demand_ends_at is None:
            self._demand_ends_at = asyncio.get_running_loop().time() + DEMAND_LASTS_S
            self._conditions_changed.set()

    def on_aiming(self, aiming: bool) -> None:
        """Take whether the panel wants the picture, which counts as a viewer does."""
        self._set(replace(self._conditions, aiming=aiming))

    def on_camera(self, status: CameraStatus) -> None:
        """Take what the camera does now."""
        self._set(replace(self._conditions, camera=status.phase))

    def on_desired(self, on: bool) -> None:
        """Take whether the cloud wants the camera on."""
        self._set(replace(self._conditions, desired_on=on))

    def on_consent(self, consented: bool) -> None:
        """Take whether the crew's consent to the camera holds."""
        self._set(replace(self._conditions, consented=consented))
        self._know("consent")

    def on_hours(self, is_open: bool, opens_at: datetime | None) -> None:
        """Take whether the kitchen is open by its hours, and when a closed one opens next."""
        before, self._opens_at = self.report, opens_at
        self._set(replace(self._conditions, open_hours=is_open))
        self._know("hours")
        if before.state is self.state and before != self.report:
            self._report_change()

    def on_privacy_button(self, works: bool) -> None:
        """Take whether the PRIVACY button can be read."""
        self._set(replace(self._conditions, privacy_works=works))

    def on_admitted(self, admitted: bool) -> None:
        """Take whether the cloud accepts this device's token."""
        self._set(replace(self._conditions, admitted=admitted))

    def _share(self) -> None:
        self._set(replace(self._conditions, private=False))

    async def _apply_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._conditions_changed.clear()
            self._apply()
            try:
                async with asyncio.timeout_at(self._next_deadline()):
                    await self._conditions_changed.wait()
            except TimeoutError:
                self._apply_deadlines(loop.time())

    def _set(self, conditions: Conditions) -> None:
        if conditions != self._conditions:
            self._conditions = conditions
            # Before anything can fail: `run` then completes what this call could not do.
            self._conditions_changed.set()
            self._apply()
            self._log_state()

    def _apply(self) -> None:
        """Bring gate, light, camera and feed in line with the conditions."""
        decision = decide(self._conditions)
        now = asyncio.get_running_loop().time()
        may_open = self._running and now >= self._reopen_at
        if decision.gate_open and not self._open and not may_open:
            decision = Decision(State.IDLE, Cause.DEMAND, gate_open=False)
        if not decision.gate_open:
            try:
                self._announce(decision)
            finally:
                self._shut()
        elif not (self.light.lit if self._open else self.light.switch(True)):
            self._retry_light_at = now + RETRY_LIGHT_S
            self._set(replace(self._conditions, indicator_works=False))
        elif self._open:
            self._announce(decision)
        else:
            self._open = True
            self._camera.start()
            self._announce(decide(self._conditions))

    def _shut(self) -> None:
        """Shut the gate, then stop the camera, then switch the light off.

        If the feed fails to drop its picture, the light stays on.
        """
        try:
            if self._decision.state is State.LIVE:
                self._announce(Decision(State.IDLE, Cause.DEMAND, gate_open=False))
        finally:
            if self._open:
                self._open = False
                self._reopen_at = asyncio.get_running_loop().time() + REOPEN_AFTER_S
                self._camera.stop()
        if self.light.may_be_lit:
            self.light.switch(False)

    def _announce(self, decision: Decision) -> None:
        """Show the feed and the rest of the device a decision that differs from the last one."""
        before = self._decision
        if decision.state is not before.state:
            self._show(decision.state)
            self._since = Since(self._now)
        self._decision = decision
        if (decision.state, decision.cause) != (before.state, before.cause):
            self._report_change()

    def _know(self, what: str) -> None:
        self._unknown.discard(what)
        self._log_state()

    def _log_state(self) -> None:
        words = in_words(self._conditions)
        if not self._unknown and words != self._logged:
            self._logged = words
            log.info("%s", words)

    def _report_change(self) -> None:
        """Call `on_change`; one that fails delays neither the gate nor a press."""
        try:
            self._on_change()
        except Exception:
            log.exception("The gate works, but what shows its state failed")

    def _apply_deadlines(self, now: float) -> None:
        if self._demand_ends_at is not None and now >= self._demand_ends_at:
            self._demand_ends_at = None
            self._set(replace(self._conditions, demand=False))
        if not self._conditions.indicator_works and now >= self._retry_light_at:
            self._set(replace(self._conditions, indicator_works=True))

    def _next_deadline(self) -> float | None:
        """Return when something is due without a change of the conditions."""
        now = asyncio.get_running_loop().time()
        deadlines = []
        if self._demand_ends_at is not None:
            deadlines.append(self._demand_ends_at)
        if not self._conditions.indicator_works:
            deadlines.append(self._retry_light_at)
        if self._open:
            deadlines.append(now + WATCH_LIGHT_S)
        elif decide(self._conditions).gate_open:
            deadlines.append(self._reopen_at)
        elif self.light.may_be_lit:
            deadlines.append(now + RETRY_LIGHT_S)
        return min(deadlines, default=None)
