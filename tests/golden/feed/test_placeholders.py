"""The packaged placeholders: what viewers see of a camera that never started.

`LIKELIGHT_UPDATE_GOLDEN=1 pytest tests/golden/feed/test_placeholders.py` draws them again.
"""

import asyncio
import os
from functools import partial

import pytest
from PIL import ImageChops

from likelight.assets.fonts import BOLD
from likelight.assets.placeholder_files import SIZE, SMALL_SIZE, placeholder_file
from likelight.contract import State
from likelight.daemon.placeholders import placeholder_specs
from likelight.feed.placeholders import packaged_placeholders
from likelight_hw.camera.config import CameraConfig
from likelight_hw.ports import DrawnPlaceholder
from support.camera import Decoder, running
from support.camera_pictures import jpeg_image, mean, planes

UPDATE = os.environ.get("LIKELIGHT_UPDATE_GOLDEN") == "1"
NEARLY_THE_SAME = 2.0
"""Mean difference of a plane: another x264 may choose other bits, but draws no other picture."""


@pytest.mark.parametrize("simulated", [True, False])
async def test_each_state_has_a_packaged_placeholder_like_the_cameras_own(simulated: bool) -> None:
    drawn = placeholder_specs(simulated=simulated)
    async with running(CameraConfig(font=BOLD), drawn) as (_, sink):
        await sink.until(lambda: len(sink.placeholders) == len(drawn))
    if UPDATE:
        _keep(sink.placeholders, simulated)
    packaged = await asyncio.to_thread(packaged_placeholders, simulated=simulated)
    assert [each.state for each in packaged] == [spec.name for spec in drawn]
    for whole, drawn_whole in zip(packaged, sink.placeholders, strict=True):
        for kept, fresh, size in (
            (whole, drawn_whole, SIZE),
            (whole.small, drawn_whole.small, SMALL_SIZE),
        ):
            assert kept is not None
            assert fresh is not None
            small = size == SMALL_SIZE
            file = partial(placeholder_file, kept.state, simulated=simulated, small=small)
            assert (kept.init.width, kept.init.height) == size
            assert max(_differences(file("h264").read_bytes(), fresh.access_unit)) < NEARLY_THE_SAME
            assert jpeg_image(kept.jpeg).size == size
            assert max(_differences_of_jpegs(kept.jpeg, fresh.jpeg)) < NEARLY_THE_SAME
        assert whole.small is not None
        rate = 2 * 8 * sum(map(len, whole.small.units))
        assert rate <= 140_000, "two of them a second fit a line of the slide rendition"


def _keep(drawn: list[DrawnPlaceholder], simulated: bool) -> None:
    for whole in drawn:
        for each in (whole, whole.small):
            assert each is not None
            small = each is whole.small
            file = partial(placeholder_file, State(each.name), simulated=simulated, small=small)
            file("h264").write_bytes(each.access_unit)
            file("jpg").write_bytes(each.jpeg)


def _differences(one: bytes, other: bytes) -> list[float]:
    """Return the mean difference of luma and of either chroma."""
    pictures = [planes(Decoder().decode(each)) for each in (one, other)]
    return [mean(ImageChops.difference(*pair)) for pair in zip(*pictures, strict=True)]


def _differences_of_jpegs(one: bytes, other: bytes) -> list[float]:
    pictures = [jpeg_image(each).convert("YCbCr").split() for each in (one, other)]
    return [mean(ImageChops.difference(*pair)) for pair in zip(*pictures, strict=True)]
