"""An image of the card that was taken yesterday, put back today, against the real cloud."""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.runtime.clock import utc_now
from support.cloud import KID, TOKEN, Site, serving
from support.device import CODES, Device
from support.waiting import WITHIN_S


@asynccontextmanager
async def device_on(card: Path, place: Site) -> AsyncIterator[Device]:
    # Each start has a name of its own, which a seed would repeat.
    async with (
        HttpCloud(place.base, KID, TOKEN) as cloud,
        Device(card, cloud, utc_now, rng=random.Random()).living() as device,
    ):
        yield device


async def told(place: Site, path: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the first answer below the kitchen's address for which `holds` is true."""
    async with asyncio.timeout(WITHIN_S):
        while not holds(answer := dict((await place.call("GET", path)).body)):
            await asyncio.sleep(0.1)
    return answer


async def test_an_old_image_of_the_card_takes_nothing_back_and_goes_on(tmp_path: Path) -> None:
    card, image = tmp_path / "device.db", tmp_path / "image.db"
    kitchen = f"/v1/kitchens/{KID}"
    async with serving(tmp_path / "cloud.db", now=utc_now) as place:
        async with device_on(card, place):
            await place.like(3)
            await told(place, kitchen, lambda summary: summary["lamp"]["lit_total"] == 3)
        await asyncio.to_thread(shutil.copy, card, image)
        async with device_on(card, place):
            await place.like(5)
            note = f"/v1/notes/{(await place.note(CODES[0])).body['id']}"
            seen = await told(place, note, lambda answer: answer["state"] == "shown")
            await told(place, kitchen, lambda summary: summary["lamp"]["lit_total"] == 8)

        await asyncio.to_thread(shutil.copy, image, card)
        async with device_on(card, place) as device:
            await place.like()
            summary = await told(place, kitchen, lambda summary: summary["lamp"]["lit_total"] == 9)
            assert summary["likes"]["total"] == 9
            assert await told(place, note, lambda answer: True) == seen
            # What was lit after the image was taken is lit once more, as one gesture.
            assert sum(likes for likes, _ in device.gestures) == 6
