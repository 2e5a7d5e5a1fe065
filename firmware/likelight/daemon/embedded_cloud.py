"""The cloud inside the device's own process: single-store mode, where no server is needed.

It is found by the entry point group `likelight.embedded_cloud`; the device imports nothing of it.
The two still talk over HTTP on loopback, as CONTRACT.md says.
"""

import asyncio
import random
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, cast

from aiohttp import web

from likelight.assets.catalogue import BUNDLED, Notes
from likelight.config.settings import ConfigError
from likelight.runtime.clock import Now
from likelight.runtime.commit_pace import CommitPace
from likelight.runtime.sqlite_file import StoreCondition
from likelight.runtime.store_errors import StoreError
from likelight.runtime.supervisor import Component
from likelight.runtime.troubles import Trouble, Troubles
from likelight.web.http.public_site import PublicSite

ENTRY_POINTS = "likelight.embedded_cloud"
DATABASE = "cloud.sqlite"
READY_WITHIN_S = 2.0
"""The buttons and the screens don't wait longer for a cloud that can't open."""


class CloudPlugin(Protocol):
    """What an entry point of the group makes."""

    @property
    def ready(self) -> asyncio.Event:
        """Set while the cloud answers."""

    @property
    def store_condition(self) -> StoreCondition:
        """Once it is ready: whether its database was damaged and set aside, or is in memory."""

    def mount(self, app: web.Application) -> None:
        """Add the cloud's routes to the application of a `WebServer`."""

    def enrol(self, kid: str, name: str, token: str) -> None:
        """Before it is ready, create a missing kitchen and make `token` its device's."""

    async def run(self) -> None:
        """Serve until cancelled."""


class _Maker(Protocol):
    def __call__(
        self,
        database: Path,
        *,
        now: Now,
        rng: random.Random,
        pace: CommitPace,
        notes: Notes,
        site: PublicSite,
    ) -> CloudPlugin: ...


def make_embedded_cloud(
    state_dir: Path,
    *,
    now: Now,
    rng: random.Random,
    pace: CommitPace,
    notes: Notes = BUNDLED,
    site: PublicSite = PublicSite(),  # noqa: B008  frozen
) -> CloudPlugin:
    """Make the installed cloud, which keeps its file in `state_dir`, at the `pace` of that disk.

    Raises `ConfigError` when none is installed, or none that works.
    """
    for entry_point in entry_points(group=ENTRY_POINTS):
        try:
            make = cast("_Maker", entry_point.load())
        except Exception as error:
            raise ConfigError(
                f"the cloud inside can't be loaded: {error}; install likelight again"
            ) from error
        return make(state_dir / DATABASE, now=now, rng=rng, pace=pace, notes=notes, site=site)
    raise ConfigError("no cloud is built in here; set cloud.url")


class WatchedCloud:
    """A component that runs `cloud`, and tells `troubles` whether its database can be used."""

    def __init__(self, cloud: CloudPlugin, troubles: Troubles) -> None:
        self._cloud = cloud
        self._troubles = troubles

    async def run(self) -> None:
        """Run the cloud until cancelled, or until it fails."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_when_ready())
            try:
                await self._cloud.run()
            except StoreError:
                self._troubles.set(Trouble.CLOUD_STORE, True)
                raise

    async def _tell_when_ready(self) -> None:
        await self._cloud.ready.wait()
        lost = self._cloud.store_condition != StoreCondition()
        self._troubles.set(Trouble.CLOUD_STORE, lost)


class AfterCloud:
    """A component that starts once the embedded cloud answers: a 503 would make it wait for its
    back-off.

    Where there is no embedded `cloud` it starts at once.
    """

    def __init__(self, component: Component, cloud: CloudPlugin | None) -> None:
        self._component = component
        self._cloud = cloud

    async def run(self) -> None:
        """Wait for the cloud, then run the component until cancelled."""
        if self._cloud is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(READY_WITHIN_S):
                    await self._cloud.ready.wait()
        await self._component.run()
