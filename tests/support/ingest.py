"""A sender of webhooks, and the source that knows its secret."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aiohttp

from likelight_cloud.store.base import Store
from likelight_cloud.store.ingest import IngestSource
from likelight_cloud.trust.device import hashed
from likelight_cloud.trust.signature import BUILT_IN
from support.cloud import NOON, Reply

STANDARD = BUILT_IN["standard-webhooks"]
SECRET = STANDARD.new_secret()
BEARER = "the-token-of-a-tool"


def signed_source(name: str = "till", secret: str = SECRET) -> IngestSource:
    """Return a source that signs as Standard Webhooks has it."""
    return IngestSource(name, STANDARD.model_dump_json(), (STANDARD.key_of(secret),), NOON)


def bearer_source(name: str = "tool", token: str = BEARER) -> IngestSource:
    """Return a source that signs nothing."""
    return IngestSource(name, None, (hashed(token),), NOON)


async def add_sources(store: Store, *sources: IngestSource) -> None:
    """Add sources that are not there yet."""
    for source in sources:
        await store.ingest.add(source)


def signature(id: str, at: datetime, body: bytes, secret: str = SECRET) -> Mapping[str, str]:
    """Return the headers of an event, made here by hand, as standardwebhooks.com says."""
    seconds = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{id}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
        "Content-Type": "application/json",
    }


class Sender:
    """Sends events to one source of a cloud."""

    def __init__(self, session: aiohttp.ClientSession, base: str, source: str = "till") -> None:
        self._session = session
        self._url = f"{base}/v1/ingest/{source}"

    async def signed(
        self, id: str, type: str, at: datetime = NOON, secret: str = SECRET, **data: Any
    ) -> Reply:
        """Send an event of this type for the kitchen in `data`."""
        body = json.dumps({"type": type, "data": data}).encode()
        return await self.send(body, signature(id, at, body, secret))

    async def bearer(self, event: Mapping[str, Any], token: str = BEARER) -> Reply:
        """Send an event with a token."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return await self.send(json.dumps(event).encode(), headers)

    async def send(self, body: bytes, headers: Mapping[str, str], query: str = "") -> Reply:
        """Send these bytes."""
        async with self._session.post(self._url + query, data=body, headers=headers) as reply:
            return Reply(reply.status, reply.headers, await reply.json(content_type=None))
