"""The capture time as blocks in the picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likelight_hw.picture import barcode
from likelight_hw.picture.planes import blank
from support.camera_pictures import read_barcode


@pytest.mark.parametrize(
    ("height", "edge"), [(180, 16), (360, 16), (480, 16), (720, 32), (1080, 48)]
)
def test_a_block_is_whole_macroblocks(height: int, edge: int) -> None:
    assert barcode.edge(height) == edge


def test_the_code_is_twenty_bits_of_milliseconds_and_the_xor_of_their_nibbles() -> None:
    stamp = 0x12345
    assert barcode.code(((7 << 20) + stamp) * 1000 + 999) == 0x12345 << 4 | (1 ^ 2 ^ 3 ^ 4 ^ 5)


@given(st.integers(0, 2**52))
def test_what_is_painted_can_be_read(captured_us: int) -> None:
    planes = blank(640, 360)
    barcode.paint(planes, captured_us)
    assert read_barcode(planes.y) == captured_us // 1000 % 2**20


def test_it_covers_the_corner_and_nothing_else() -> None:
    planes = blank(1280, 720)
    planes.y.paste(100, (0, 0, 1280, 720))
    planes.u.paste(60, (0, 0, 640, 360))
    barcode.paint(planes, 0xFFFFF * 1000)
    assert planes.y.getpixel((0, 0)) == 255
    assert planes.y.getpixel((767, 31)) in (0, 255)
    assert planes.y.getpixel((768, 0)) == 100
    assert planes.y.getpixel((0, 32)) == 100
    assert planes.u.getpixel((383, 15)) == 128
    assert planes.u.getpixel((384, 0)) == 60
