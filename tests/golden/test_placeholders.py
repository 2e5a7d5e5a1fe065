"""The packaged placeholders: what viewers see of a camera that never started.

`LIKELIGHT_UPDATE_GOLDEN=1 pytest tests/golden/test_placeholders.py` draws them anew.
"""

import asyncio
import os
from functools import partial

import pytest
from PIL import ImageChops

from likelight import cards, placeholders
from likelight_hw.camera.config import CameraConfig
from likelight_hw.ports import Placeholder
from support.camera import Decoder, jpeg_image, luma, mean, running

UPDATE = os.environ.get("LIKELIGHT_UPDATE_GOLDEN") == "1"
NEARLY_THE_SAME = 2.0
"""Mean difference of luma: another version of x264 may choose other bits, not another picture."""


@pytest.mark.parametrize("simulated", [True, False])
async def test_each_state_has_a_packaged_card_like_the_cameras_own(simulated: bool) -> None:
    drawn = cards.cards(simulated=simulated)
    async with running(CameraConfig(font=cards.FONT), drawn) as (_, sink):
        await sink.until(lambda: len(sink.placeholders) == len(drawn))
    if UPDATE:
        _keep(sink.placeholders, simulated)
    packaged = await asyncio.to_thread(placeholders.load, simulated=simulated)
    assert [each.name for each in packaged] == [card.name for card in drawn]
    for kept, fresh in zip(packaged, sink.placeholders, strict=True):
        assert (kept.width, kept.height) == placeholders.SIZE
        assert _difference(kept, fresh) < NEARLY_THE_SAME
        assert jpeg_image(kept.jpeg).size == placeholders.SIZE


def _keep(drawn: list[Placeholder], simulated: bool) -> None:
    placeholders.FOLDER.mkdir(exist_ok=True)
    for each in drawn:
        file = partial(placeholders.file, each.name, simulated=simulated)
        file("h264").write_bytes(each.access_unit)
        file("jpg").write_bytes(each.jpeg)


def _difference(one: Placeholder, other: Placeholder) -> float:
    pictures = [luma(Decoder().decode(each.access_unit)) for each in (one, other)]
    return mean(ImageChops.difference(*pictures))
