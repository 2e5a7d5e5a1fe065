"""`/healthz`, which says well or not and nothing else, and `/readyz`, which says why not."""

import asyncio

from aiohttp import web

from likelight import __version__
from likelight.runtime.store_errors import StoreError
from likelight_cloud.app import Cloud

STORE_WITHIN_S = 2.0
"""A database that takes longer for one row is too slow for devices and viewers."""


def health_route(cloud: Cloud) -> web.RouteDef:
    """Return `GET /healthz`.

    It does not read the database, so nobody can overload the database with it.
    """

    async def healthz(_: web.Request) -> web.Response:
        well = cloud.ready.is_set() and cloud.likes.failure is None
        return _answer({"well": well}, ok=well)

    return web.get("/healthz", healthz)


def readiness_route(cloud: Cloud) -> web.RouteDef:
    """Return `GET /readyz`, which reads from the database each time."""

    async def readyz(_: web.Request) -> web.Response:
        why_not = await _why_not_ready(cloud)
        ready = why_not is None
        return _answer({"ready": ready, "why_not": why_not, "version": __version__}, ok=ready)

    return web.get("/readyz", readyz)


async def _why_not_ready(cloud: Cloud) -> str | None:
    if not cloud.ready.is_set():
        return "the database is not open"
    if cloud.likes.failure is not None:
        return f"likes can't be stored: {cloud.likes.failure}"
    try:
        async with asyncio.timeout(STORE_WITHIN_S):
            await cloud.store.secret()
    except StoreError as error:
        return str(error)
    except TimeoutError:
        return f"the database does not answer within {STORE_WITHIN_S:g} s"
    return None


def _answer(body: dict[str, bool | str | None], *, ok: bool) -> web.Response:
    return web.json_response(body, status=200 if ok else 503, headers={"Cache-Control": "no-store"})
