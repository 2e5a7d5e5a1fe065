"""`/healthz`, which says well or not and nothing else, and `/readyz`, which says why not."""

import asyncio

from aiohttp import web

from likelight import __version__
from likelight.contract import Wire
from likelight.runtime.store_errors import StoreError
from likelight.web.http.declared import Part, declares
from likelight_cloud.app import Cloud

STORE_WITHIN_S = 6.0
"""More than the 5 s after which a store itself says what it waits for."""

COMMIT_SHOWS_FOR_S = 30.0
"""So long a commit shows that writes are kept, and so no prober causes more than two a minute."""

FAILURE_SHOWS_FOR_S = 5.0
"""So long a failed try is told again instead of another one."""


class Wellness(Wire):
    """Reply of `GET /healthz`."""

    well: bool


def health_route(cloud: Cloud) -> web.RouteDef:
    """Return `GET /healthz`.

    It does not read the database, so nobody can overload the database with it.
    """

    @declares(Part.SERVER, "Whether the cloud is well", {200: Wellness, 503: Wellness})
    async def healthz(_: web.Request) -> web.Response:
        well = cloud.ready.is_set() and cloud.likes.failure is None
        return _answer(Wellness(well=well).model_dump(), ok=well)

    return web.get("/healthz", healthz)


def readiness_route(cloud: Cloud) -> web.RouteDef:
    """Return `GET /readyz`, which is ready while the database takes writes."""
    writes = _Writes(cloud)

    async def readyz(_: web.Request) -> web.Response:
        why_not = await _why_not_ready(cloud, writes)
        ready = why_not is None
        return _answer({"ready": ready, "why_not": why_not, "version": __version__}, ok=ready)

    return web.get("/readyz", readyz)


async def _why_not_ready(cloud: Cloud, writes: "_Writes") -> str | None:
    if not cloud.ready.is_set():
        return "the database is not open"
    if cloud.ending:
        return "the cloud is ending"
    if cloud.likes.failure is not None:
        return f"likes can't be stored: {cloud.likes.failure}"
    return await writes.why_not()


class _Writes:
    """Whether the database takes writes: one of the last 30 s shows it, else one row is written.

    A database that can only be read answers every question, so a question proves nothing.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._asking = asyncio.Lock()
        self._failed: tuple[float, str] | None = None
        """When the last try failed, and why."""

    async def why_not(self) -> str | None:
        """Return in words why no write is kept; None when one was."""
        async with self._asking:  # who asks meanwhile gets the same answer
            now = asyncio.get_running_loop().time()
            written_at = self._cloud.committed_at
            if written_at is not None and now - written_at < COMMIT_SHOWS_FOR_S:
                return None
            if self._failed is not None and now - self._failed[0] < FAILURE_SHOWS_FOR_S:
                return self._failed[1]
            why = await self._try()
            now = asyncio.get_running_loop().time()
            if why is None:
                self._cloud.committed_at = now
            self._failed = None if why is None else (now, why)
            return why

    async def _try(self) -> str | None:
        try:
            async with asyncio.timeout(STORE_WITHIN_S):
                await self._cloud.store.probe(self._cloud.now())
        except StoreError as error:
            return str(error)
        except TimeoutError:
            return f"the database does not answer within {STORE_WITHIN_S:g} s"
        return None


def _answer(body: dict[str, bool | str | None], *, ok: bool) -> web.Response:
    return web.json_response(body, status=200 if ok else 503, headers={"Cache-Control": "no-store"})
