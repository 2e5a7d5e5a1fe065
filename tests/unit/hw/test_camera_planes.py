"""Planes: what is pasted, cut out or laid over keeps its colours, and goes where it is told."""

from PIL import Image

from likelight_hw.picture.planes import Planes, Sprite, blank, yuv

SAUCE, HERBS = (200, 40, 20), (30, 140, 60)


def of(colour: tuple[int, int, int], width: int, height: int) -> Planes:
    """Return a picture of one colour."""
    half = (width // 2, height // 2)
    y, u, v = yuv(colour)
    return Planes(
        Image.new("L", (width, height), y), Image.new("L", half, u), Image.new("L", half, v)
    )


def colour_at(planes: Planes, x: int, y: int) -> tuple[object, ...]:
    half = (x // 2, y // 2)
    return (planes.y.getpixel((x, y)), planes.u.getpixel(half), planes.v.getpixel(half))


def test_what_is_pasted_keeps_its_colour_and_covers_nothing_else() -> None:
    picture = of(SAUCE, 16, 12)
    picture.paste(of(HERBS, 4, 6), (8, 2))
    inside = {(x, y) for x in range(8, 12) for y in range(2, 8)}
    for x in range(16):
        for y in range(12):
            assert colour_at(picture, x, y) == yuv(HERBS if (x, y) in inside else SAUCE), (x, y)


def test_what_is_cut_out_is_what_was_there() -> None:
    picture = of(SAUCE, 16, 12)
    picture.paste(of(HERBS, 4, 6), (8, 2))
    piece = picture.crop((6, 2, 12, 8))
    assert piece.size == (6, 6)
    assert [colour_at(piece, x, 0) for x in range(6)] == [yuv(SAUCE)] * 2 + [yuv(HERBS)] * 4


def test_a_sprite_covers_where_its_mask_does_and_begins_at_an_even_corner() -> None:
    image = Image.new("RGBA", (4, 4), (*HERBS, 255))
    image.paste((*HERBS, 0), (2, 0, 4, 4))
    picture = blank(12, 8)
    Sprite.from_rgba(image).paste(picture, (5, 3))
    row = [colour_at(picture, x, 4) for x in range(12)]
    nothing = (0, 128, 128)
    assert row == [nothing] * 4 + [yuv(HERBS)] * 2 + [nothing] * 6
    assert [colour_at(picture, 4, y) == nothing for y in range(8)] == [True] * 2 + [False] * 4 + [
        True
    ] * 2
