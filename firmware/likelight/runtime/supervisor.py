"""Keep the components running: restart one that crashes, or end the process if it is critical.

A component is an object whose `run()` opens, works for ever and closes. Returning counts as a
crash. The supervisor restarts a crashed component with full-jitter back-off; a critical component
that crashes three times within a minute ends the whole process, so that systemd starts it again.
"""

import asyncio
import logging
import random
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from likelight.runtime.backoff import Backoff

log = logging.getLogger(__name__)

CRASHES_ALLOWED = 3
CRASH_WINDOW_S = 60.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0


class Component(Protocol):
    """Something that lives as long as the process does."""

    async def run(self) -> None:
        """Open, work for ever, close when cancelled."""


class Condition(StrEnum):
    """How a component is."""

    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"


@dataclass(frozen=True, slots=True)
class ComponentHealth:
    """A component's condition, its restarts so far, and why it last crashed."""

    condition: Condition = Condition.STARTING
    critical: bool = False
    restarts: int = 0
    reason: str | None = None


class GaveUp(Exception):
    """A critical component crashed too often; the process should end, and systemd restart it."""


class Supervisor:
    """Runs components side by side in one TaskGroup."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._components: dict[str, tuple[Component, bool]] = {}
        """Each with whether it may end the process."""
        self._ending = False
        self.health: dict[str, ComponentHealth] = {}

    def add(
        self, name: str, component: Component, *, critical: bool, for_ever: bool = False
    ) -> None:
        """Add `component` under `name`; only before `run()`.

        A `critical` one that crashes three times within a minute ends the process, unless it is to
        be started again `for_ever`.
        """
        self._components[name] = (component, critical and not for_ever)
        self.health[name] = ComponentHealth(critical=critical)

    async def run(self) -> None:
        """Run all components until cancelled. Raises `GaveUp` (in an ExceptionGroup)."""
        async with asyncio.TaskGroup() as group:
            for name, (component, may_end) in self._components.items():
                group.create_task(self._keep_alive(name, component, may_end), name=name)
            try:
                await asyncio.Event().wait()
            finally:
                self._ending = True

    async def _keep_alive(self, name: str, component: Component, may_end: bool) -> None:
        critical = self.health[name].critical
        crashes: deque[float] = deque(maxlen=CRASHES_ALLOWED)
        restarts = 0
        backoff = Backoff(self._rng, base=FIRST_PAUSE_S, cap=LONGEST_PAUSE_S)
        clock = asyncio.get_running_loop().time
        while True:
            self.health[name] = ComponentHealth(Condition.RUNNING, critical, restarts)
            error = await self._run_once(name, component)
            reason = "it ended by itself"
            if error is not None:
                cause = root_cause(error)
                reason = f"{type(cause).__name__}: {cause}"
                if not crashes or clock() - crashes[-1] > CRASH_WINDOW_S:
                    # It worked for a while, and is started again as soon as the first time.
                    backoff.reset()
                    # An error of the system names its file or address; a traceback adds nothing.
                    trace = None if isinstance(cause, OSError) else error
                    log.error("%s crashed and is started again: %s", name, reason, exc_info=trace)
            crashes.append(clock())
            restarts += 1
            if may_end and _too_often(crashes):
                self._ending = True
                raise GaveUp(f"{name} crashed {CRASHES_ALLOWED} times in a minute; last: {reason}")
            self.health[name] = ComponentHealth(Condition.RESTARTING, critical, restarts, reason)
            await asyncio.sleep(backoff.next())

    async def _run_once(self, name: str, component: Component) -> BaseException | None:
        """Run `component`; return what made it crash, None when it just returned.

        Raises `CancelledError` at the end of the process even if the component swallowed it: a
        task is cancelled only once, and a bus that fails to close must not keep the process alive.
        """
        error: BaseException | None = None
        try:
            await component.run()
        except (Exception, asyncio.CancelledError) as raised:  # noqa: BLE001  returned or logged
            error = raised
        if self._ending:
            if isinstance(error, Exception):
                log.warning("%s did not close well: %s", name, root_cause(error))
            raise asyncio.CancelledError
        return error


def root_cause(error: BaseException) -> BaseException:
    """Return the exception inside the groups of TaskGroups; of several the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _too_often(crashes: deque[float]) -> bool:
    return len(crashes) == crashes.maxlen and crashes[-1] - crashes[0] < CRASH_WINDOW_S
