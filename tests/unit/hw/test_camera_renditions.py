"""The camera and the feed, which may share no code, mean the same renditions."""

import pytest

from likelight.feed.rendition import Rendition as FeedRendition
from likelight_hw.camera.small import small_formats
from likelight_hw.ports import Rendition


def test_they_have_the_same_names_and_numbers() -> None:
    assert [(each.name, each.value) for each in Rendition] == [
        (each.name, each.value) for each in FeedRendition
    ]


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (640, 480), (854, 480), (320, 180)])
@pytest.mark.parametrize("fps", [60, 30, 25, 24, 10, 2])
def test_what_the_camera_makes_is_what_playlists_tell_before_it_does(
    size: tuple[int, int], fps: int
) -> None:
    for made in small_formats(*size, fps):
        told = FeedRendition(made.rendition)
        assert (made.width, made.height) == told.size(*size)
        assert made.fps == told.fps(fps)
        assert made.bitrate == told.nominal_bits_per_s
