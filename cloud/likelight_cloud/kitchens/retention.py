"""Forgets what has been kept long enough, in a kitchen where nothing happens any more, too."""

import asyncio
import logging
from typing import Final

from likelight.runtime.clock import Now
from likelight.runtime.store_errors import StoreError
from likelight_cloud.store.base import Store

log = logging.getLogger(__name__)

EACH_S: Final = 3600.0


async def forget_in_time(store: Store, now: Now) -> None:
    """Forget at once and then every hour, until cancelled. What fails is tried an hour later."""
    while True:
        try:
            forgotten = await store.holdings.forget(now())
        except StoreError as error:
            log.warning("What was kept long enough can't be deleted: %s", error)
        else:
            if forgotten:
                log.info("Deleted what was kept long enough, rows: %d", forgotten)
        await asyncio.sleep(EACH_S)
