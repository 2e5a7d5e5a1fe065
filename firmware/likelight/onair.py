"""One gate, one light: may camera frames leave the kitchen, and does the crew see that they do?

`judge` decides from the conditions alone. `OnAir` carries the verdict out in the one safe order:
the light goes on before the first frame can leave, and off only after the gate has shut.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from likelight.clock import Now
from likelight.contract import CameraReport, Cause, State
from likelight_hw.ports import Button, CameraPhase, CameraStatus, HardwareError, Indicator

log = logging.getLogger(__name__)

REOPEN_AFTER_S = 1.0
"""A gate that shut, or whose privacy was lifted, opens no sooner; a double press can't flicker."""
RETRY_LIGHT_S = 5.0
"""An on-air light that failed is tried again this often; until then no frame leaves."""
WATCH_LIGHT_S = 0.5
"""While the gate is open, the light is looked at this often: one that went out shuts the gate."""
RETRY_STORE_S = 5.0
"""Privacy that could not be stored holds all the same, and is stored anew this often."""
LINGER_S = 10.0
"""How long demand outlives the last viewer: a page reload must not stop the camera."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything that decides whether the gate may be open."""

    private: bool = True
    """The crew pressed PRIVACY. True until the durable state has been read."""
    consented: bool = False
    """The crew has agreed to this camera, or no real sensor stands behind it."""
    desired_on: bool = True
    """The cloud's wish; it can only reduce exposure."""
    admitted: bool = True
    """False while the cloud refuses this device's token: it can't be sure it is still wanted."""
    demand: bool = False
    indicator_works: bool = True
    camera: CameraPhase = CameraPhase.STOPPED


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state for the world, its cause, and whether the gate should be open."""

    state: State
    cause: Cause | None
    gate: bool


def judge(now: Conditions) -> Verdict:
    """Decide from the conditions alone; the crew's wish comes before everything but "off"."""
    if not now.desired_on:
        return Verdict(State.OFF, Cause.DESIRED, gate=False)
    if not now.consented:
        return Verdict(State.OFF, Cause.CONSENT, gate=False)
    if now.private:
        return Verdict(State.PRIVATE, Cause.BUTTON, gate=False)
    if not now.admitted or not now.indicator_works:
        return Verdict(State.FAULT, Cause.ERROR, gate=False)
    if now.camera in (CameraPhase.SILENT, CameraPhase.FAILED):
        return Verdict(State.FAULT, Cause.ERROR, gate=now.demand)
    if not now.demand:
        return Verdict(State.IDLE, Cause.DEMAND, gate=False)
    if now.camera is not CameraPhase.STREAMING:
        return Verdict(State.IDLE, Cause.DEMAND, gate=True)
    return Verdict(State.LIVE, Cause.DEMAND, gate=True)


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
        self._verdict = judge(self._conditions)
        self._since = now()
        self._open = False
        self._reopen_at = float("-inf")
        self._unwatched_at: float | None = None
        self._dark_at = float("-inf")
        self._light_obeys = True
        self._unkept = asyncio.Event()
        self._changed = asyncio.Event()
        self._pressing = asyncio.Lock()
        show(self._verdict.state)

    @property
    def state(self) -> State:
        return self._verdict.state

    @property
    def since(self) -> datetime:
        return self._since

    @property
    def lit(self) -> bool:
        """Whether the on-air light is on."""
        return self._indicator.lit

    @property
    def report(self) -> CameraReport:
        """The camera's part of a `Status`."""
        return CameraReport(state=self.state, since=self._since, cause=self._verdict.cause)

    async def run(self) -> None:
        """Carry out what waits for time to pass; shut the gate in the end."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._mind_the_time())
                group.create_task(self._store_at_last())
        finally:
            self._shut()

    def restore(self, private: bool, *, consented: bool) -> None:
        """Take over at start what the crew wished, and whether it agreed to the camera."""
        self._change(replace(self._conditions, private=private, consented=consented))

    async def press_privacy(self) -> None:
        """Toggle privacy. Shuts first and stores after; stores first and opens after.

        What can't be stored leaves the kitchen private.
        """
        async with self._pressing:
            if not self._conditions.private:
                try:
                    self._change(replace(self._conditions, private=True))
                finally:
                    await self._keep()
                return
            try:
                await self._keep_private(False)
            except OSError as error:
                log.error("The kitchen stays private, for it can't be stored: %s", error)
                return
            self._unkept.clear()
            log.info("PRIVACY: the crew shares again")
            # A moment to think better of it, counted from the press.
            self._reopen_at = asyncio.get_running_loop().time() + REOPEN_AFTER_S
            self._change(replace(self._conditions, private=False))

    async def _keep(self) -> None:
        try:
            await self._keep_private(True)
        except OSError as error:
            log.error("Privacy holds, but would not survive a restart: %s", error)
            self._unkept.set()
        else:
            log.info("PRIVACY: the camera is off, also after a restart")

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

    async def _store_at_last(self) -> None:
        while True:
            await self._unkept.wait()
            await asyncio.sleep(RETRY_STORE_S)
            async with self._pressing:
                if not self._unkept.is_set():
                    continue
                with suppress(OSError):
                    await self._keep_private(True)
                    self._unkept.clear()
                    log.info("Privacy is stored now, and survives a restart")

    def _change(self, conditions: Conditions) -> None:
        if conditions != self._conditions:
            self._conditions = conditions
            self._apply()
            self._changed.set()

    def _apply(self) -> None:
        """Bring gate, light, camera and feed in line with the conditions."""
        verdict = judge(self._conditions)
        if not verdict.gate:
            try:
                self._announce(verdict)
            finally:
                self._shut()
            return
        now = asyncio.get_running_loop().time()
        if not self._open and now < self._reopen_at:
            self._announce(Verdict(State.IDLE, Cause.DEMAND, gate=False))
        elif not (self._indicator.lit if self._open else self._light(True)):
            self._dark_at = now
            self._change(replace(self._conditions, indicator_works=False))
        elif self._open:
            self._announce(verdict)
        else:
            self._open = True
            self._sensor.start()
            self._announce(judge(self._conditions))

    def _shut(self) -> None:
        """Gate first, then the sensor, then the light."""
        if self._verdict.state is State.LIVE:
            self._announce(Verdict(State.IDLE, Cause.DEMAND, gate=False))
        if self._open:
            self._open = False
            self._reopen_at = asyncio.get_running_loop().time() + REOPEN_AFTER_S
            self._sensor.stop()
        if self._indicator.lit:
            self._light(False)

    def _announce(self, verdict: Verdict) -> None:
        if verdict.state is not self._verdict.state:
            self._show(verdict.state)
            self._since = self._now()
            log.info("The kitchen is %s", verdict.state.value)
        changed = (verdict.state, verdict.cause) != (self._verdict.state, self._verdict.cause)
        self._verdict = verdict
        if changed:
            self._on_change()

    def _light(self, on: bool) -> bool:
        """Switch the light; return whether it obeyed."""
        trouble = "it does not obey"
        try:
            self._indicator.set(on)
            obeys = self._indicator.lit is on
        except HardwareError as error:
            trouble, obeys = str(error), False
        if self._light_obeys and not obeys:
            log.error("The on-air light can't be switched: %s", trouble)
        elif obeys and not self._light_obeys:
            log.info("The on-air light works again")
        self._light_obeys = obeys
        return obeys

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
        if judge(self._conditions).gate and not self._open:
            deadlines.append(self._reopen_at)
        if self._open:
            deadlines.append(asyncio.get_running_loop().time() + WATCH_LIGHT_S)
        return min(deadlines, default=None)


class PrivacyButton:
    """Turns presses of `button` into privacy, and back."""

    def __init__(self, button: Button, on_air: OnAir) -> None:
        self._button = button
        self._on_air = on_air

    async def run(self) -> None:
        """Listen for ever."""
        async for _ in self._button.presses():
            await self._on_air.press_privacy()
