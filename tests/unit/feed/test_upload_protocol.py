"""What the relay may ask of a device."""

import pytest
from pydantic import ValidationError

from likelight.feed.upload.protocol import RequestMessage


@pytest.mark.parametrize("fps", [0, 30])
def test_from_0_to_30_jpegs_a_second_can_be_asked_for(fps: int) -> None:
    assert RequestMessage.model_validate_json(f'{{"jpeg_fps": {fps}}}').jpeg_fps == fps


@pytest.mark.parametrize("fps", [-1, 31])
def test_less_than_0_or_more_than_30_jpegs_a_second_are_refused(fps: int) -> None:
    with pytest.raises(ValidationError):
        RequestMessage.model_validate_json(f'{{"jpeg_fps": {fps}}}')
