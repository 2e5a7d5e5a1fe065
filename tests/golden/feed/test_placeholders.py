"""The packaged placeholders: what viewers see of a camera that never started.

`LIKELIGHT_UPDATE_GOLDEN=1 pytest tests/golden/feed/test_placeholders.py` draws them anew.
"""

import asyncio
import os
from functools import partial

import pytest
from PIL import ImageChops

from likelight.daemon import placeholder_words as cards
from likelight.daemon import placeholders
from likelight_hw.camera.config import CameraConfig
from likelight_hw.ports import Placeholder
from support.camera import Decoder, jpeg_image, mean, planes, running

UPDATE = os.environ.get("LIKELIGHT_UPDATE_GOLDEN") == "1"
NEARLY_THE_SAME = 2.0
"""Mean difference of a plane: another x264 may choose other bits, but draws no other picture."""


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
        assert max(_differences(kept, fresh)) < NEARLY_THE_SAME
        assert jpeg_image(kept.jpeg).size == placeholders.SIZE
        assert max(_differences_of_jpegs(kept, fresh)) < NEARLY_THE_SAME


def _keep(drawn: list[Placeholder], simulated: bool) -> None:
    placeholders.FOLDER.mkdir(exist_ok=True)
    for each in drawn:
        file = partial(placeholders.file, each.name, simulated=simulated)
        file("h264").write_bytes(each.access_unit)
        file("jpg").write_bytes(each.jpeg)


def _differences(one: Placeholder, other: Placeholder) -> list[float]:
    """Return the mean difference of luma and of either chroma."""
    pictures = [planes(Decoder().decode(each.access_unit)) for each in (one, other)]
    return [mean(ImageChops.difference(*pair)) for pair in zip(*pictures, strict=True)]


def _differences_of_jpegs(one: Placeholder, other: Placeholder) -> list[float]:
    pictures = [jpeg_image(each.jpeg).convert("YCbCr").split() for each in (one, other)]
    return [mean(ImageChops.difference(*pair)) for pair in zip(*pictures, strict=True)]
