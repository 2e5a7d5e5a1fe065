"""The icons as pixels on panels, and which names have one."""

import pytest

from likelight.assets import icon_pixels, icons, icons_16

every_icon = pytest.mark.parametrize("name", sorted(icons.NAMES))


def test_the_set_is_the_one_that_the_design_names() -> None:
    named = "heart hands star flame pizza clock camera cloud wrench wave"
    states = "camera_crossed cloud_crossed wifi phone download check cross"
    notes = "house smile cup moon"

    assert {*named.split(), *states.split(), *notes.split()} == icons.NAMES


def test_what_is_drawn_by_hand_is_16_pixels_square() -> None:
    assert icons_16.ROWS.keys() <= icons.NAMES
    for rows in icons_16.ROWS.values():
        assert [len(row) for row in rows] == [icons_16.SIZE] * icons_16.SIZE
        assert set("".join(rows)) == {"#", "."}


@every_icon
def test_an_icon_lies_inside_its_grid(name: str) -> None:
    points = [point for outline in icon_pixels.outlines(icons.PATHS[name]) for point in outline]

    assert all(0 <= x <= icons.GRID and 0 <= y <= icons.GRID for x, y in points)


@every_icon
@pytest.mark.parametrize("size", [16, 32])
def test_the_one_bit_version_has_a_shape_of_its_own(name: str, size: int) -> None:
    bitmap = icon_pixels.bitmap(name, size)
    others = [icon_pixels.bitmap(other, size).tobytes() for other in icons.NAMES if other != name]

    assert (bitmap.mode, bitmap.size) == ("1", (size, size))
    assert 0.15 < _coverage(bitmap.convert("L").tobytes()) < 0.8
    assert bitmap.tobytes() not in others


@every_icon
def test_an_icon_covers_the_same_share_at_every_size(name: str) -> None:
    small, large = (_coverage(icon_pixels.mask(name, size).tobytes()) for size in (48, 192))

    assert small == pytest.approx(large, abs=0.02)


def test_holes_stay_open() -> None:
    clock = icon_pixels.mask("clock", 96)

    assert clock.getpixel((8, 48)) == 255
    assert clock.getpixel((30, 48)) == 0
    assert clock.getpixel((48, 40)) == 255


def test_a_curve_ends_where_it_should() -> None:
    (outline,) = icon_pixels.outlines("M0 0 C0 10 10 10 10 0 Z")

    assert outline[0] == (0, 0)
    assert outline[-1] == (10, 0)
    assert max(y for _, y in outline) == pytest.approx(7.5)


def test_a_path_that_is_not_understood_is_refused() -> None:
    with pytest.raises(ValueError, match="command"):
        icon_pixels.outlines("M0 0 L5 5 6 6 Z")


def _coverage(levels: bytes) -> float:
    return sum(levels) / 255 / len(levels)
