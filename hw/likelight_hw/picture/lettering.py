"""Words in pictures: the badge over every simulated frame, and the placeholders."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from likelight_hw.picture import barcode
from likelight_hw.picture.planes import Planes, Sprite, from_rgb
from likelight_hw.ports import PlaceholderSpec, Rgb

PAPER: Rgb = (0x17, 0x14, 0x11)
INK: Rgb = (0xFF, 0xF3, 0xE2)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def load_font(path: Path | None, size: float) -> Font:
    """Return the TrueType font at `path`, or Pillow's own, `size` pixels high."""
    size = max(6.0, size)
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)


def badge_sprite(words: str, height: int, font: Path | None) -> Sprite:
    """Return the badge for a picture `height` pixels high: dark, slightly see-through."""
    image = Image.new("RGBA", (2, 2))
    face = load_font(font, height * 0.032)
    box = ImageDraw.Draw(image).textbbox((0, 0), words, font=face)
    pad = height * 0.016
    width = _even(box[2] - box[0] + 4 * pad)
    tall = _even(box[3] - box[1] + 2 * pad)
    image = _pill(width, tall, (*PAPER, 205))
    ImageDraw.Draw(image).text(
        (width / 2, tall / 2), words, fill=(*INK, 255), font=face, anchor="mm"
    )
    return Sprite.from_rgba(image)


def badge_corner(badge: Sprite, width: int, height: int) -> tuple[int, int]:
    """Return where the badge goes: bottom left, clear of barcode and lamp."""
    margin = round(height * 0.033)
    return min(margin, width - badge.mask.width), height - badge.mask.height - margin


def placeholder_planes(spec: PlaceholderSpec, width: int, height: int, font: Path | None) -> Planes:
    """Draw the placeholder: its words as large as they fit, centred, the badge below."""
    image = Image.new("RGB", (width, height), spec.paper)
    draw = ImageDraw.Draw(image)
    # The bar keeps a test from reading a barcode here: 24 blocks of plain paper would be one whose
    # check holds, and one bright block breaks it.
    draw.rectangle((0, 0, barcode.edge(height) - 1, height), fill=spec.ink)
    lines, face, step = _fit(draw, spec.title, width * 0.8, height * 0.62, font)
    top = height / 2 - step * (len(lines) - 1) / 2
    if spec.badge:
        top -= height * 0.04
    for row, line in enumerate(lines):
        draw.text((width / 2, top + row * step), line, fill=spec.ink, font=face, anchor="mm")
    if spec.badge:
        small = load_font(font, height * 0.032)
        draw.text((width / 2, height * 0.88), spec.badge, fill=spec.ink, font=small, anchor="mm")
    return from_rgb(image)


def _fit(
    draw: ImageDraw.ImageDraw, words: str, width: float, height: float, font: Path | None
) -> tuple[list[str], Font, float]:
    """Return the lines, the largest font they fit with, and the distance between lines."""
    size = height * 0.2
    while True:
        face = load_font(font, size)
        lines = _wrap(draw, words, face, width)
        step = size * 1.35
        fits = all(draw.textlength(line, font=face) <= width for line in lines)
        if (fits and step * len(lines) <= height) or size <= 6:
            return lines, face, step
        size *= 0.9


def _wrap(draw: ImageDraw.ImageDraw, words: str, face: Font, width: float) -> list[str]:
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and draw.textlength(longer, font=face) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _pill(width: int, height: int, fill: tuple[int, int, int, int]) -> Image.Image:
    """Return a rounded bar; drawn four times as large, because Pillow's edges are jagged."""
    size = (width * 4, height * 4)
    shape = Image.new("L", size, 0)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, *size), radius=size[1] / 2, fill=fill[3])
    image = Image.new("RGBA", (width, height), fill[:3])
    image.putalpha(shape.reduce(4))
    return image


def _even(length: float) -> int:
    return (int(length) + 1) & ~1
