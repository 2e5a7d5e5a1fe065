"""Kitchens for a wall: what their devices report, and one that uploads pictures."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from likelight.contract import State, Status
from likelight.runtime.clock import utc_now
from likelight_cloud.store.base import Store
from likelight_cloud.trust.device import hashed
from support.cloud import bearer, status
from support.relay import HandDevice, beside


async def add_kitchen(store: Store, kid: str, name: str, state: State) -> None:
    """Add a kitchen whose device's token is its id, and which is in `state`."""
    await store.add_kitchen(kid, name, utc_now())
    await store.add_token(kid, hashed(kid), utc_now())
    await report(store, kid, state)


async def report(store: Store, kid: str, state: State) -> None:
    """Let the device of `kid` report that its camera is in `state`."""
    camera = {"state": state.value, "since": utc_now().isoformat(), "cause": "demand"}
    told = status(boot_id=uuid.uuid4().hex, camera=camera)
    await store.put_status(kid, Status.model_validate(told), utc_now())


@asynccontextmanager
async def filming(base: str, kid: str) -> AsyncIterator[HandDevice]:
    """Upload pictures of `kid` to the cloud at `base` while the context is open."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{base}/v1/kitchens/{kid}/feed", headers=bearer(kid)) as socket,
    ):
        device = HandDevice(socket)
        await device.open()
        async with beside(device.film()):
            yield device
