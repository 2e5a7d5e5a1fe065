"""The packaged placeholders: what viewers see of a camera that never started.

`LIKELIGHT_UPDATE_GOLDEN=1 pytest tests/golden/feed/test_placeholders.py` draws them again.
"""

import asyncio
import os
from functools import partial

import pytest
from PIL import ImageChops

from likelight.assets.fonts import BOLD
from likelight.assets.placeholder_files import SIZE, placeholder_file
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
    for kept, fresh in zip(packaged, sink.placeholders, strict=True):
        keyframe = placeholder_file(kept.state, "h264", simulated=simulated).read_bytes()
        assert (kept.init.width, kept.init.height) == SIZE
        assert max(_differences(keyframe, fresh.access_unit)) < NEARLY_THE_SAME
        assert jpeg_image(kept.jpeg).size == SIZE
        assert max(_differences_of_jpegs(kept.jpeg, fresh.jpeg)) < NEARLY_THE_SAME


def _keep(drawn: list[DrawnPlaceholder], simulated: bool) -> None:
    for each in drawn:
        file = partial(placeholder_file, State(each.name), simulated=simulated)
        file("h264").write_bytes(each.access_unit)
        file("jpg").write_bytes(each.jpeg)


def _differences(one: bytes, other: bytes) -> list[float]:
    """Return the mean difference of luma and of either chroma."""
    pictures = [planes(Decoder().decode(each)) for each in (one, other)]
    return [mean(ImageChops.difference(*pair)) for pair in zip(*pictures, strict=True)]


def _differences_of_jpegs(one: bytes, other: bytes) -> list[float]:
    pictures = [jpeg_image(each).convert("YCbCr").split() for each in (one, other)]
    return [mean(ImageChops.difference(*pair)) for pair in zip(*pictures, strict=True)]
