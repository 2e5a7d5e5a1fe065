"""The encoders: what is in their streams, and what it decodes to."""

import pytest
from av.video.reformatter import ColorRange

from likelight_hw.camera.encode import H264Encoder, JpegEncoder, PaintedPicture
from likelight_hw.picture.planes import yuv
from likelight_hw.ports import DARK
from likelight_hw.sim.kitchen import KitchenScene
from support.camera import Decoder
from support.camera_pictures import jpeg_image, luma, mean, nal_units

IDR, SPS, PPS = 5, 7, 8


def painted(value: int, size: tuple[int, int] = (426, 240)) -> PaintedPicture:
    picture = PaintedPicture(*size)
    picture.planes.y.paste(value, (0, 0, *size))
    picture.planes.u.paste(128, (0, 0, *size))
    picture.planes.v.paste(128, (0, 0, *size))
    return picture


@pytest.mark.parametrize("value", [0, 16, 128, 235, 255])
def test_full_range_luma_arrives_unchanged(value: int) -> None:
    picture = painted(value)
    unit, _ = H264Encoder(426, 240, 30, 2_000_000).encode(picture, keyframe=False)
    frame = Decoder().decode(unit)
    assert (frame.width, frame.height) == (426, 240)
    assert frame.color_range == ColorRange.JPEG
    assert frame.colorspace == 6
    assert abs(mean(luma(frame)) - value) <= 1
    assert abs(mean(jpeg_image(JpegEncoder(426, 240).encode(picture)).convert("L")) - value) <= 1


def test_a_keyframe_comes_first_each_second_and_on_request() -> None:
    encoder, picture = H264Encoder(320, 180, 10, 500_000), PaintedPicture(320, 180)
    keyframes = []
    for count in range(25):
        unit, keyframe = encoder.encode(picture, keyframe=count == 13)
        assert keyframe == ({IDR, SPS, PPS} <= nal_units(unit).keys())
        if keyframe:
            keyframes.append(count)
    assert keyframes == [0, 10, 13, 23]


def test_the_rate_is_held_in_a_busy_picture() -> None:
    encoder, picture = H264Encoder(1280, 720, 30, 2_000_000), PaintedPicture(1280, 720)
    kitchen = KitchenScene(1280, 720)
    sizes = []
    for count in range(60):
        kitchen.paint(picture.planes, count / 30, DARK)
        sizes.append(len(encoder.encode(picture, keyframe=False)[0]))
    assert sum(sizes) * 8 / 2 < 2_000_000 * 1.3
    assert max(sizes) * 8 <= 2_000_000 / 2 * 1.1


def test_colours_arrive_as_they_were_meant() -> None:
    picture = PaintedPicture(320, 180)
    _, u, v = yuv((194, 37, 92))
    picture.planes.y.paste(yuv((194, 37, 92))[0], (0, 0, 320, 180))
    picture.planes.u.paste(u, (0, 0, 160, 90))
    picture.planes.v.paste(v, (0, 0, 160, 90))
    unit, _ = H264Encoder(320, 180, 30, 2_000_000).encode(picture, keyframe=False)
    frame = Decoder().decode(unit)
    jpeg = jpeg_image(JpegEncoder(320, 180).encode(picture))
    pixel = jpeg.getpixel((160, 90))
    assert isinstance(pixel, tuple)
    assert all(abs(a - b) <= 6 for a, b in zip(pixel, (194, 37, 92), strict=True))
    assert abs(bytes(frame.planes[1])[0] - u) <= 2
    assert abs(bytes(frame.planes[2])[0] - v) <= 2


def test_encoders_of_other_rates_may_take_turns_with_one_picture() -> None:
    """As on a board whose second picture is small already; FFmpeg refused a time that goes back."""
    picture = PaintedPicture(640, 360)
    low, slide = H264Encoder(640, 360, 30, 400_000), H264Encoder(640, 360, 5, 140_000)
    whole, small = JpegEncoder(640, 360), JpegEncoder(640, 360)
    for number in range(19):
        if number % 3 == 0:
            assert whole.encode(picture)
        assert low.encode(picture, keyframe=False)[1] is (number == 0)
        if number % 6 == 0:
            assert slide.encode(picture, keyframe=False)[0]
        if number % 3 == 0:
            assert small.encode(picture)
