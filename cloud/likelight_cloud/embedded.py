"""The cloud in a web server: one of its own, or another program's.

`EmbeddedCloud` is found by the entry point group `likelight.embedded_cloud`, so that the device
imports nothing of the cloud; the two still talk over HTTP. The single-store mode and the demo use
it.
"""

import asyncio
import random
from pathlib import Path

from aiohttp import web

from likelight.assets.catalogue import BUNDLED, Notes
from likelight.runtime.clock import Now
from likelight.runtime.commit_pace import CommitPace
from likelight.runtime.sqlite_file import StoreCondition
from likelight.web.http.public_site import PublicSite
from likelight_cloud import routes
from likelight_cloud.api.viewer.moment_link import became
from likelight_cloud.app import Cloud
from likelight_cloud.page import page_routes
from likelight_cloud.page.privacy import privacy_routes
from likelight_cloud.page.refused import for_persons
from likelight_cloud.store.audit import DEVICE
from likelight_cloud.store.base import Store
from likelight_cloud.store.sqlite.store import SqliteStore
from likelight_cloud.trust.ceilings import KitchenLimits
from likelight_cloud.trust.device import hashed


class MountedCloud:
    """A whole cloud on `store`, inside a web server.

    Viewers may send `notes` and no others. `limits` holds for each kitchen.
    `site` is what other sites and viewers may know of its pages.
    A component: `run` opens the store and serves until cancelled; run it again after a crash.
    Until `ready` is set, everything under /v1/ is answered 503 with `Retry-After: 1`.
    """

    def __init__(
        self,
        store: Store,
        *,
        now: Now,
        rng: random.Random,
        notes: Notes = BUNDLED,
        limits: KitchenLimits = KitchenLimits(),  # noqa: B008  frozen
        site: PublicSite = PublicSite(),  # noqa: B008  frozen
    ) -> None:
        self._store = store
        self._now = now
        self._site = site
        self._enrolled: list[tuple[str, str, str]] = []
        self._cloud = Cloud(store, now=now, rng=rng, notes=notes, limits=limits)

    @property
    def cloud(self) -> Cloud:
        """What the handlers share."""
        return self._cloud

    @property
    def site(self) -> PublicSite:
        """What other sites and viewers may know of its pages."""
        return self._site

    @property
    def ready(self) -> asyncio.Event:
        """Set while the cloud answers."""
        return self._cloud.ready

    def mount(self, app: web.Application) -> None:
        """Add the API and the pages for viewers to `app`, which `new_application` made."""
        app.middlewares.append(for_persons(self._site))
        routes.mount(self._cloud, app)
        app.add_routes(page_routes(self._cloud.look, self._cloud.notes_of, became, self._site))
        app.add_routes(privacy_routes(contact=self._site.contact, now=self._now))

    def enrol(self, kid: str, name: str, token: str) -> None:
        """Make sure that the kitchen `kid` exists and that `token` is its device's.

        That happens before the first request is answered: a device that was refused once waits
        for minutes before it asks again. The token before this one stays valid beside it.
        """
        self._enrolled.append((kid, name, token))

    async def run(self) -> None:
        """Serve until cancelled; raises `StoreError` when the store cannot be opened."""
        await self._cloud.run(self._enrol_all)

    async def _enrol_all(self) -> None:
        for kid, name, token in self._enrolled:
            # In this order, and in one transaction where the store commits in groups.
            await asyncio.gather(
                self._store.add_kitchen(kid, name, self._now(), who=DEVICE),
                self._store.add_token(kid, hashed(token), self._now(), who=DEVICE),
            )


class EmbeddedCloud(MountedCloud):
    """A cloud on the SQLite file `database`, whose directory must exist.

    With a `pace` it commits in turn with the other files on that disk. A damaged file is set aside
    and a new one begun: the kitchen has no operator.
    """

    def __init__(
        self,
        database: Path,
        *,
        now: Now,
        rng: random.Random,
        pace: CommitPace | None = None,
        notes: Notes = BUNDLED,
        site: PublicSite = PublicSite(),  # noqa: B008  frozen
    ) -> None:
        self._file = SqliteStore(database, replaces=True, now=now, pace=pace)
        super().__init__(self._file, now=now, rng=rng, notes=notes, site=site)

    @property
    def store_condition(self) -> StoreCondition:
        """Whether the database was damaged and set aside, or all is in memory."""
        return self._file.condition
