"""What every display does, on every bus and chip."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest
from PIL import Image, ImageChops, ImageDraw

from likelight_hw.ports import DisplayInfo, HardwareError
from support.panel_rigs import HANGING_RIGS, RIGS, HangingRig, Rig, rig


@pytest.fixture(params=RIGS)
async def any_rig(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Rig]:
    async with rig(request.param, tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture(params=HANGING_RIGS)
async def bus_rig(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[HangingRig]:
    async with rig(request.param, tmp_path, monkeypatch) as made:
        yield cast(HangingRig, made)


def picture(info: DisplayInfo, seed: int = 0) -> Image.Image:
    """A picture that no turn, mirror, shift or swap of colours leaves as it is."""
    size = info.width, info.height
    across = Image.linear_gradient("L").resize(size).rotate(0)
    down = Image.linear_gradient("L").rotate(90).resize(size)
    third = Image.new("L", size, 40 * seed)
    image = Image.merge("RGB", (across, down, third))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 9, 2), fill="white")
    draw.rectangle((info.width - 4, info.height // 3, info.width - 1, info.height // 2), fill="red")
    draw.line((3 + seed, 0, info.width // 2, info.height - 1), fill="blue")
    return image.convert(info.mode)


async def sees(rig: Rig, image: Image.Image) -> bool:
    seen, wanted = await rig.seen(), rig.as_seen(image)
    return seen.mode == wanted.mode and seen.tobytes() == wanted.tobytes()


async def sees_nothing(rig: Rig) -> bool:
    return (await rig.seen()).getbbox() is None


async def test_the_pixels_on_the_panel_are_the_images(any_rig: Rig) -> None:
    display = any_rig.display
    first, second = picture(display.info), picture(display.info, 3)
    assert ImageChops.difference(first, second).getbbox()

    for image in (first, second, first):
        await display.show(image)
        assert await sees(any_rig, image)


async def test_an_image_that_does_not_fit_is_refused(any_rig: Rig) -> None:
    info = any_rig.display.info
    for wrong in (
        Image.new(info.mode, (info.width + 1, info.height)),
        Image.new("L", (info.width, info.height)),
    ):
        with pytest.raises(ValueError, match="does not fit"):
            await any_rig.display.show(wrong)


async def test_a_blank_panel_keeps_what_it_shows_behind_it(any_rig: Rig) -> None:
    display = any_rig.display
    first, second = picture(display.info), picture(display.info, 3)
    await display.show(first)

    await display.set_brightness(0.0)
    assert await sees_nothing(any_rig)
    await display.set_brightness(1.0)
    assert await sees(any_rig, first)

    await display.set_brightness(0.0)
    await display.show(second)
    assert await sees_nothing(any_rig)
    await display.set_brightness(1.0)
    assert await sees(any_rig, second)


async def test_closed_it_is_dark_and_may_be_closed_again(any_rig: Rig) -> None:
    await any_rig.display.show(picture(any_rig.display.info))
    await any_rig.display.close()
    assert await sees_nothing(any_rig)
    await any_rig.display.close()


async def test_a_panel_that_is_gone_is_reported_in_words_and_comes_back_with_the_newest(
    any_rig: Rig,
) -> None:
    display = any_rig.display
    images = [picture(display.info, seed) for seed in range(4)]
    await display.show(images[0])

    any_rig.fail()
    for image in images[1:3]:
        with pytest.raises(HardwareError, match=r"[a-z]{3,} [a-z]{2,} [a-z]{2,}"):
            await display.show(image)

    any_rig.repair()
    await display.show(images[3])
    assert await sees(any_rig, images[3])


async def test_a_panel_that_is_absent_at_first_shows_what_was_asked_for_when_it_comes(
    any_rig: Rig,
) -> None:
    display = any_rig.display
    image = picture(display.info)
    any_rig.fail()
    with pytest.raises(HardwareError):
        await display.show(image)
    any_rig.repair()
    await display.show(image)
    assert await sees(any_rig, image)


async def test_a_panel_that_failed_at_night_does_not_come_back_glaring(
    bus_rig: HangingRig,
) -> None:
    display = bus_rig.display
    image = picture(display.info)
    bus_rig.fail()
    with pytest.raises(HardwareError):
        await display.set_brightness(0.0)
    bus_rig.repair()
    await display.show(image)
    assert await sees_nothing(bus_rig)
    await display.set_brightness(1.0)
    assert await sees(bus_rig, image)


async def test_no_bus_is_touched_but_by_the_panels_own_thread(bus_rig: HangingRig) -> None:
    display = bus_rig.display
    await asyncio.gather(*(display.show(picture(display.info, seed)) for seed in range(3)))
    await display.set_brightness(0.5)
    await display.close()
    assert len(bus_rig.threads) == 1
    assert threading.get_ident() not in bus_rig.threads


async def test_of_those_that_wait_the_newest_wins(bus_rig: HangingRig) -> None:
    display = bus_rig.display
    images = [picture(display.info, seed) for seed in range(4)]
    await display.show(images[0])
    hangs = bus_rig.hang()
    async with asyncio.TaskGroup() as group:
        group.create_task(display.show(images[1]))
        assert await asyncio.to_thread(hangs.wait, 30)
        skipped = group.create_task(display.show(images[2]))
        newest = group.create_task(display.show(images[3]))
        await asyncio.sleep(0)
        bus_rig.flow()
        await skipped
        # A caller whose image was superseded returns once the newer image is shown.
        assert await sees(bus_rig, images[3])
        await newest
    assert await sees(bus_rig, images[3])


@pytest.mark.parametrize("name", HANGING_RIGS)
async def test_a_bus_that_hangs_hangs_nobody_and_goes_on_with_the_newest(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(name, tmp_path, monkeypatch, timeout_s=0.3) as made:
        bus_rig = cast(HangingRig, made)
        display = bus_rig.display
        images = [picture(display.info, seed) for seed in range(4)]

        async def insist(image: Image.Image) -> None:
            """Ask as the presenter does, again and again: the machine may be as slow as it is."""
            while True:
                with suppress(HardwareError):
                    return await display.show(image)

        await insist(images[0])
        bus_rig.hang()
        answers = await asyncio.gather(
            *(display.show(image) for image in images[1:3]), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [HardwareError] * 2
        assert all("hangs" in str(answer) for answer in answers)

        bus_rig.flow()
        await insist(images[3])
        assert await sees(bus_rig, images[3])
