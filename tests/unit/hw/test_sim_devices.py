"""The simulated lamp, on-air light, panel and button behave as real ones do."""

import asyncio
import io

import pytest
from PIL import Image

from likelight_hw.ports import DARK, DisplayInfo, HardwareError, LightFrame
from likelight_hw.sim.display import SimDisplay
from likelight_hw.sim.indicator import SimIndicator
from likelight_hw.sim.lights import HISTORY, SimLights
from support.virtual import run_virtual

GLOW = LightFrame(0.5, (255, 217, 160))
SMALL = DisplayInfo(8, 4, "RGB", mm_per_px=0.2, reading_distance_m=1.0)


def paper(colour: str, info: DisplayInfo = SMALL) -> Image.Image:
    return Image.new(info.mode, (info.width, info.height), colour)


def test_lights_show_and_remember() -> None:
    clock = iter([1.0, 2.0])
    lamp = SimLights(lambda: next(clock))

    assert lamp.write(GLOW) == lamp.frame == GLOW
    lamp.close()
    lamp.close()

    assert list(lamp.history) == [(1.0, GLOW), (2.0, DARK)]


def test_lights_forget_what_is_long_ago() -> None:
    lamp = SimLights(lambda: 0.0)
    for _ in range(HISTORY + 5):
        lamp.write(GLOW)
    assert len(lamp.history) == HISTORY


def test_unplugged_lights_are_dark_until_they_are_mended() -> None:
    lamp = SimLights(lambda: 0.0)
    lamp.write(GLOW)
    lamp.broken = True
    assert lamp.frame == DARK
    with pytest.raises(HardwareError, match="unplugged"):
        lamp.write(GLOW)
    lamp.broken = False
    assert lamp.write(GLOW) == lamp.frame


def test_indicator_is_on_or_off() -> None:
    light = SimIndicator()
    assert not light.lit
    light.set(True)
    assert light.lit
    light.close()
    assert not light.lit


def test_a_broken_indicator_never_claims_to_be_lit() -> None:
    light = SimIndicator()
    light.set(True)
    light.broken = True
    assert not light.lit
    with pytest.raises(HardwareError):
        light.set(True)
    light.set(False)
    assert not light.lit


def test_the_panel_is_the_reference_kits() -> None:
    info = SimDisplay().info
    assert (info.width, info.height, info.mode) == (800, 480, "RGB")
    assert info.mm_per_px * info.height == pytest.approx(85.92)


async def test_the_panel_shows_a_copy_and_gives_it_as_png() -> None:
    panel = SimDisplay(SMALL)
    assert panel.image.getpixel((0, 0)) == (0, 0, 0)
    image = paper("#FFF9F0")
    await panel.show(image)
    image.paste("black", (0, 0, 8, 4))

    png = Image.open(io.BytesIO(await panel.png()))
    assert (png.size, png.getpixel((3, 2))) == ((8, 4), (0xFF, 0xF9, 0xF0))
    assert await panel.png() is await panel.png()

    await panel.close()
    await panel.close()
    assert Image.open(io.BytesIO(await panel.png())).getpixel((3, 2)) == (0, 0, 0)


async def test_a_one_bit_panel() -> None:
    info = DisplayInfo(16, 8, "1", mm_per_px=0.5, reading_distance_m=1.0)
    panel = SimDisplay(info)
    await panel.show(Image.new("1", (16, 8), 1))
    assert Image.open(io.BytesIO(await panel.png())).mode == "1"


@pytest.mark.parametrize("image", [Image.new("L", (8, 4)), Image.new("RGB", (4, 8))])
async def test_an_image_that_does_not_fit_is_refused(image: Image.Image) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        await SimDisplay(SMALL).show(image)


async def test_a_broken_panel_says_so() -> None:
    panel = SimDisplay(SMALL)
    panel.broken = True
    with pytest.raises(HardwareError):
        await panel.show(paper("white"))
    with pytest.raises(HardwareError):
        await panel.set_brightness(0.5)


@pytest.mark.parametrize("info", [SMALL, DisplayInfo(8, 4, "1", 0.2, 1.0)])
async def test_a_dimmed_panel_looks_dimmed_and_a_blank_one_keeps_its_picture(
    info: DisplayInfo,
) -> None:
    panel = SimDisplay(info)
    await panel.show(Image.new(info.mode, (8, 4), "white"))

    async def seen() -> object:
        return Image.open(io.BytesIO(await panel.png())).convert("L").getpixel((0, 0))

    looks = [await seen()]
    versions = [panel.version]
    for level in (0.5, 0.0, 0.0, 1.0):
        await panel.set_brightness(level)
        looks.append(await seen())
        versions.append(panel.version)
    assert looks == [255, 128, 0, 0, 255]
    assert versions == [1, 2, 3, 3, 4]


def test_a_slow_panel_skips_to_the_newest() -> None:
    async def scenario() -> None:
        began = asyncio.get_running_loop().time()
        panel = SimDisplay(SMALL, delay=2.0)
        seen: list[tuple[str, float, object]] = []

        async def show(colour: str) -> None:
            await panel.show(paper(colour))
            at = round(asyncio.get_running_loop().time() - began, 3)
            seen.append((colour, at, panel.image.getpixel((0, 0))))

        async with asyncio.TaskGroup() as group:
            for colour in ("#010101", "#020202", "#030303"):
                group.create_task(show(colour))
                await asyncio.sleep(0.1)

        # The first one is on its way when the others come; the second never reaches the panel.
        assert seen == [
            ("#010101", 2.0, (1, 1, 1)),
            ("#020202", 4.0, (3, 3, 3)),
            ("#030303", 4.0, (3, 3, 3)),
        ]

    run_virtual(scenario())
