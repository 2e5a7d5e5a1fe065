"""Sends messages, and tries again what is not taken."""

import asyncio
import ipaddress
import logging
import random
import ssl
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import aiohttp
from yarl import URL

from likelight import __version__
from likelight.runtime.clock import Now
from likelight.runtime.store_errors import StoreError
from likelight.web.http.proxies import Network
from likelight_cloud.signals.webhooks.addresses import CheckedAddresses, RefusedAddressError
from likelight_cloud.signals.webhooks.signature import secret_of, signed_headers
from likelight_cloud.store.base import Store
from likelight_cloud.store.signals import PAUSES, Delivery

log = logging.getLogger(__name__)

ANSWER_WITHIN_S: Final = 5.0
LOOK_S: Final = 5.0
AT_ONCE: Final = 8
"""Messages under way at the same time: a webhook that hangs holds none of the others up."""

GONE: Final = 410
"""The status by which a receiver ends its webhook, as Standard Webhooks has it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try: `why` in words, None where the message was taken."""

    why: str | None
    gone: bool = False


async def post(
    url: str, headers: dict[str, str], body: bytes, allowed: Collection[Network] = ()
) -> Answer:
    """Send one message. Never raises: what is wrong is told in words."""
    target = URL(url)
    addresses = CheckedAddresses(allowed)
    try:
        with suppress(ValueError):
            # aiohttp asks the resolver for names only, so an address is checked here.
            addresses.check(str(ipaddress.ip_address(target.host or "")))
        tls = await asyncio.to_thread(ssl.create_default_context)
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=addresses, ssl=tls, use_dns_cache=False),
                timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            ) as session,
            session.post(
                target,
                data=body,
                headers={
                    **headers,
                    "Content-Type": "application/json",
                    "User-Agent": f"likelight-cloud/{__version__}",
                },
                allow_redirects=False,
            ) as reply,
        ):
            # Now, while the connection is in use: it is aborted and waited for, read or not. One
            # that is let go first ends its TLS by itself, some time later.
            await session.close()
            return _answer(reply.status)
    except TimeoutError:
        return Answer(f"it did not answer within {ANSWER_WITHIN_S:g} s")
    except aiohttp.ClientConnectorDNSError as error:
        refused = error.os_error
        if isinstance(refused, RefusedAddressError):
            return Answer(str(refused))
        return Answer("its name has no address")
    except RefusedAddressError as error:
        return Answer(str(error))
    except aiohttp.ClientSSLError:
        return Answer("its certificate is not valid")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Answer(f"it can't be reached ({type(error).__name__})")


def _answer(status: int) -> Answer:
    if 200 <= status < 300:
        return Answer(None)
    if 300 <= status < 400:
        return Answer(f"it answered {status}, and no redirect is followed")
    return Answer(f"it answered {status}", gone=status == GONE)


class WebhookSender:
    """A component: `run` sends what is due until cancelled, at most once at a time for each."""

    def __init__(
        self,
        store: Store,
        *,
        now: Now,
        rng: random.Random,
        allowed: Collection[Network] = (),
    ) -> None:
        self._store = store
        self._now = now
        self._rng = rng
        self._allowed = allowed
        self.tries: Counter[str] = Counter({"taken": 0, "refused": 0})
        """How the tries of this process have ended, each once the store knows of it."""

    async def run(self) -> None:
        """Send until cancelled. The store must be open."""
        failing = False
        while True:
            try:
                while await self._send_due():
                    pass
                failing = False
            except StoreError as error:
                if not failing:
                    log.warning("No webhook can be told just now: %s", error)
                failing = True
            await asyncio.sleep(LOOK_S)

    async def _send_due(self) -> bool:
        """Send what is due; return whether there may be more."""
        now = self._now()
        if not await self._store.signals.has_due(now):
            return False
        due = await self._store.signals.claim_deliveries(now, AT_ONCE)
        secret = await self._store.secret()
        async with asyncio.TaskGroup() as group:
            for delivery in due:
                group.create_task(self._send(delivery, secret))
        return len(due) == AT_ONCE

    async def _send(self, delivery: Delivery, database_secret: bytes) -> None:
        body = delivery.body.encode()
        secret = secret_of(database_secret, delivery.webhook)
        headers = signed_headers(secret, delivery.message, self._now(), body)
        answer = await post(delivery.url, headers, body, self._allowed)
        # What can't be kept now is claimed anew in a minute, and sent under the same id.
        with suppress(StoreError):
            await self._keep(delivery, answer)
        self.tries["taken" if answer.why is None else "refused"] += 1

    async def _keep(self, delivery: Delivery, answer: Answer) -> None:
        if answer.why is None:
            await self._store.signals.delivered(delivery)
            return
        log.info("Webhook %s, try %d: %s", delivery.webhook, delivery.tries, answer.why)
        now = self._now()
        off = await self._store.signals.failed(
            delivery, answer.why, now, self._next_at(delivery, now), gone=answer.gone
        )
        if off:
            log.warning(
                "Webhook %s is switched off: the last time %s. `likelight-cloud webhook on %s` "
                "switches it on again.",
                delivery.webhook,
                answer.why,
                delivery.webhook,
            )

    def _next_at(self, delivery: Delivery, now: datetime) -> datetime:
        pause = PAUSES[min(delivery.tries, len(PAUSES)) - 1]
        return now + pause + self._rng.uniform(0, 0.1) * min(pause, timedelta(hours=1))
