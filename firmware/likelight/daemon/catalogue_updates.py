"""The next version of the notes, which the cloud asks for: fetched, checked, kept and shown.

It has a request of its own: the poll, which brings likes, never waits for it. What can't be used
leaves the last good notes as they are, and is told in words.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from likelight.appreciation.sync.client import (
    CatalogueUnknown,
    CloudBusy,
    CloudError,
    DeviceRefused,
    WrongDocument,
)
from likelight.assets.catalogue import CatalogueError
from likelight.contract import CatalogueReport, Desired
from likelight.daemon.kept_catalogue import KeptCatalogue
from likelight.runtime.backoff import Backoff
from likelight.runtime.printable import printable

log = logging.getLogger(__name__)

SPREAD_S: Final = 10.0
"""A thousand kitchens are asked in the same second: each begins within so long."""
AGAIN_S: Final = (300.0, 900.0)
"""As the poller waits where it is refused: no try sooner would end otherwise."""
REST_S: Final = (30.0, 3600.0)
"""After a change the next one waits so long, each time twice as long, up to an hour: a cloud that
asks for another every 10 s would wear the memory card, which takes 50 KB for each. An hour in
which none waits ends that."""
BACKOFF_BASE_S: Final = 5.0
BACKOFF_CAP_S: Final = 300.0
_TOLD_AFTER: Final = 3
"""Failures in a row after which it is a finding: a cloud that restarts is none."""


class CatalogueSource(Protocol):
    """Where documents come from: the cloud."""

    async def catalogue(self, name: str) -> bytes:
        """Return the document `name`. Raises `CloudError`."""


class CatalogueUpdates:
    """Has the device show the catalogue document that the cloud asks for. A component.

    It begins once `reported` is set: until then what was asked may be what was stored long ago.
    `on_notes` is called on the event loop when `kept` has other notes, `on_change` when `report` or
    `trouble` may have changed.
    """

    def __init__(
        self,
        kept: KeptCatalogue,
        cloud: CatalogueSource,
        reported: asyncio.Event,
        *,
        on_notes: Callable[[], None],
        on_change: Callable[[], None],
        rng: random.Random,
    ) -> None:
        self.trouble = ""
        """Why the device does not show what the cloud asks for, in one line; else empty."""
        self._kept = kept
        self._cloud = cloud
        self._reported = reported
        self._on_notes = on_notes
        self._on_change = on_change
        self._rng = rng
        self._rest_s = 0.0
        self._adopted_at = float("-inf")
        self._wanted: str | None = None
        self._refused: str | None = None
        self._changed = asyncio.Event()
        self._disk = asyncio.Lock()

    @property
    def report(self) -> CatalogueReport:
        """What the status says."""
        return CatalogueReport(running=self._kept.name, refused=self._refused)

    def on_desired(self, desired: Desired) -> None:
        """Take what the cloud asks for."""
        if desired.catalogue != self._wanted:
            self._wanted = desired.catalogue
            self._changed.set()

    async def run(self) -> None:
        """Follow what the cloud asks for, until cancelled."""
        await self._reported.wait()
        while True:
            self._changed.clear()
            wanted = self._wanted
            self._tell("", refused=None)
            if wanted != self._kept.name:
                rest = self._adopted_at + self._rest_s - _now()
                await self._until_changed(max(self._rng.uniform(0, SPREAD_S), rest))
                await self._follow(wanted)
            await self._changed.wait()

    async def announced(self) -> None:
        """The crew has read of the new notes."""
        async with self._disk:
            try:
                await asyncio.to_thread(self._kept.told)
            except OSError as error:
                log.warning("The crew may be told of its new notes once more: %s", error.strerror)

    async def _follow(self, wanted: str | None) -> None:
        """Change to the catalogue `wanted`, for as long as that takes and the cloud asks for it."""
        backoff = Backoff(self._rng, base=BACKOFF_BASE_S, cap=BACKOFF_CAP_S)
        failures = 0
        while not self._changed.is_set():
            try:
                document = b"" if wanted is None else await self._cloud.catalogue(wanted)
                if not self._changed.is_set():
                    await self._adopt(wanted, document)
                return
            except CatalogueError as error:
                self._refuse(wanted, error)
                return
            except WrongDocument as error:
                self._fail(error, refused=wanted)
                pause = self._rng.uniform(*AGAIN_S)
            except OSError as error:
                self._fail(f"they can't be kept: {error.strerror}")
                pause = self._rng.uniform(*AGAIN_S)
            except (CatalogueUnknown, DeviceRefused) as error:
                self._fail(error)
                pause = self._rng.uniform(*AGAIN_S)
            except CloudBusy as busy:
                pause = busy.retry_after + self._rng.uniform(0, busy.retry_after)
            except CloudError as error:
                failures += 1
                if failures >= _TOLD_AFTER:
                    self._fail(error)
                pause = backoff.next()
            await self._until_changed(pause)

    async def _adopt(self, wanted: str | None, document: bytes) -> None:
        async with self._disk:
            await asyncio.to_thread(self._kept.adopt, wanted, document)
        least, most = REST_S
        quiet = _now() > self._adopted_at + self._rest_s + most
        self._adopted_at, self._rest_s = _now(), least if quiet else min(2 * self._rest_s, most)
        log.info("The crew's notes are %s from now on", _named(wanted))
        self.trouble, self._refused = "", None
        self._on_notes()
        self._on_change()

    def _refuse(self, wanted: str | None, error: CatalogueError) -> None:
        """The document itself can't be used: it would not be a better one the next time."""
        log.warning("The new notes, %s, are refused; the old ones stay: %s", _named(wanted), error)
        self._tell(f"the new notes, {_named(wanted)}, are refused: {error}", refused=wanted)

    def _fail(self, why: object, *, refused: str | None = None) -> None:
        words = f"the new notes do not come, the old ones stay: {why}"
        if _one_line(words) != self.trouble:
            log.warning("New notes are asked for, but do not come yet; the old ones stay: %s", why)
        self._tell(words, refused=refused)

    def _tell(self, trouble: str, *, refused: str | None) -> None:
        before, self.trouble = self.trouble, _one_line(trouble)
        changed = (before, self._refused) != (self.trouble, refused)
        self._refused = refused
        if changed:
            self._on_change()

    async def _until_changed(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _named(wanted: str | None) -> str:
    return "this device's own" if wanted is None else f"catalogue {wanted[:12]}"


def _one_line(words: str) -> str:
    return printable(" ".join(words.split()))
