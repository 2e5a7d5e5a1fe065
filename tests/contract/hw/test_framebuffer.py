"""The framebuffer driver on a file: depth, stride, offsets, turns, light, and odd answers."""

import asyncio
import ctypes
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from likelight_hw.ports import DisplayInfo, HardwareError
from likelight_hw.rpi import fbdev
from likelight_hw.rpi.fbdev import FramebufferGeometry
from likelight_hw.rpi.framebuffer import framebuffer_display
from likelight_hw.rpi.pixels import packed
from likelight_hw.wiring import DisplayWiring
from support.panel_memory import NOISE
from support.panel_rigs import FramebufferRig

LCD_5 = DisplayWiring(driver="framebuffer", panel="lcd-5")


def geometry(width: int, height: int, bits: int = 32, *, padding: int = 0) -> FramebufferGeometry:
    stride = width * bits // 8 + padding
    return FramebufferGeometry(
        width, height, stride, bits, 16 if bits == 32 else 11, stride * height
    )


@asynccontextmanager
async def framebuffer(
    folder: Path, shape: FramebufferGeometry, wiring: DisplayWiring = LCD_5
) -> AsyncIterator[FramebufferRig]:
    rig = FramebufferRig(wiring, shape, folder)
    try:
        yield rig
    finally:
        await rig.display.close()


def picture(info: DisplayInfo) -> Image.Image:
    across = Image.linear_gradient("L").resize((info.width, info.height))
    down = Image.linear_gradient("L").rotate(90).resize((info.width, info.height))
    image = Image.merge("RGB", (across, down, across.point(lambda value: 255 - value // 2)))
    image.paste((255, 0, 0), (0, 0, 30, 5))
    return image


def test_every_colour_of_16_bits_is_packed_as_the_kernel_reads_it() -> None:
    ramp = range(256)
    image = Image.new("RGB", (256, 3))
    image.putdata([(v, 0, 0) for v in ramp] + [(0, v, 0) for v in ramp] + [(0, 0, v) for v in ramp])
    for red_on_top in (True, False):
        red, blue = (11, 0) if red_on_top else (0, 11)
        wanted = [v >> 3 << red for v in ramp] + [v >> 2 << 5 for v in ramp]
        wanted += [v >> 3 << blue for v in ramp]
        assert packed(image, 16, red_on_top=red_on_top) == struct.pack("<768H", *wanted)

    one = Image.new("RGB", (1, 1), (1, 2, 3))
    assert packed(one, 32, red_on_top=True) == bytes((3, 2, 1, 255))
    assert packed(one, 32, red_on_top=False) == bytes((1, 2, 3, 255))


@pytest.mark.parametrize("bits", [16, 32])
async def test_what_lies_between_the_rows_is_left_alone(bits: int, tmp_path: Path) -> None:
    shape = geometry(800, 480, bits, padding=32)
    async with framebuffer(tmp_path, shape) as rig:
        await rig.display.show(picture(rig.display.info))
        memory = rig.memory.read_bytes()
        for end in range(shape.stride, shape.size + 1, shape.stride):
            assert memory[end - 32 : end] == bytes([NOISE]) * 32


async def test_a_visible_part_that_begins_further_down_and_right(tmp_path: Path) -> None:
    stride = 1000 * 2
    shape = FramebufferGeometry(800, 480, stride, 16, 11, stride * 1000, x_offset=100, y_offset=500)
    async with framebuffer(tmp_path, shape) as rig:
        image = picture(rig.display.info)
        await rig.display.show(image)
        assert rig.picture().tobytes() == rig.as_seen(image).tobytes()
        assert rig.memory.read_bytes()[: shape.start] == bytes([NOISE]) * shape.start


async def test_a_smaller_picture_lies_in_the_middle_on_black(tmp_path: Path) -> None:
    async with framebuffer(tmp_path, geometry(1024, 600)) as rig:
        image = picture(rig.display.info)
        await rig.display.show(image)
        wanted = Image.new("RGB", (1024, 600))
        wanted.paste(image, (112, 60))
        assert (await rig.seen()).tobytes() == wanted.tobytes()


@pytest.mark.parametrize(
    ("rotate", "turn"),
    [(0, Image.Transpose.ROTATE_270), (2, Image.Transpose.ROTATE_90)],
)
async def test_a_panel_that_counts_its_pixels_upright_shows_a_lying_picture(
    rotate: int, turn: Image.Transpose, tmp_path: Path
) -> None:
    wiring = DisplayWiring("framebuffer", "lcd-7-hd", rotate=rotate)  # type: ignore[arg-type]
    async with framebuffer(tmp_path, geometry(720, 1280), wiring) as rig:
        image = picture(rig.display.info)
        assert image.size == (1280, 720)
        await rig.display.show(image)
        assert rig.picture().tobytes() == image.transpose(turn).tobytes()


@pytest.mark.parametrize("rotate", [1, 2, 3])
async def test_a_panel_that_hangs_turned_reads_upright(rotate: int, tmp_path: Path) -> None:
    wiring = replace(LCD_5, rotate=rotate)  # type: ignore[arg-type]
    async with framebuffer(tmp_path, geometry(800, 480), wiring) as rig:
        image = picture(rig.display.info)
        await rig.display.show(image)
        assert (await rig.seen()).tobytes() == image.tobytes()


async def test_a_monitor_of_another_size_is_followed(tmp_path: Path) -> None:
    async with framebuffer(tmp_path, geometry(1024, 600)) as rig:
        image = picture(rig.display.info)
        await rig.display.show(image)
        rig.geometry = geometry(800, 480, 16)
        await rig.display.show(image)
        assert (await rig.seen()).tobytes() == rig.as_seen(image).tobytes()


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (geometry(640, 480), "has 640x480 pixels, too few for a panel of 800x480"),
        (replace(geometry(800, 480), bits_per_pixel=8), "8 bits per pixel, .* set its depth"),
        (replace(geometry(800, 480), red=8), "32 bits per pixel, red at bit 8"),
        (replace(geometry(800, 480), stride=800), "an impossible answer"),
        (replace(geometry(800, 480), size=0), "an impossible answer"),
        (replace(geometry(800, 480), width=0, height=0), "an impossible answer"),
        (replace(geometry(800, 480), y_offset=2**32 - 1), "an impossible answer"),
        (replace(geometry(800, 480), size=2**31), "smaller than it says"),
    ],
)
async def test_a_framebuffer_that_answers_garbage(
    shape: FramebufferGeometry, words: str, tmp_path: Path
) -> None:
    async with framebuffer(tmp_path, geometry(800, 480)) as rig:
        rig.geometry = shape
        image = picture(rig.display.info)
        with pytest.raises(HardwareError, match=words):
            await rig.display.show(image)
        rig.geometry = geometry(800, 480)
        await rig.display.show(image)
        assert (await rig.seen()).tobytes() == image.tobytes()


async def test_no_framebuffer_at_all_or_a_file_that_is_none(tmp_path: Path) -> None:
    nowhere = framebuffer_display(replace(LCD_5, device=tmp_path / "fb0"), console=tmp_path / "no")
    with pytest.raises(HardwareError, match=r"can't open .*fb0: No such file .* overlay"):
        await nowhere.set_brightness(1.0)
    (tmp_path / "text").write_text("hello")
    # The kernel itself is asked here, and says that a file has no geometry.
    text = framebuffer_display(replace(LCD_5, device=tmp_path / "text"), console=tmp_path / "no")
    with pytest.raises(HardwareError, match=r"gives no geometry \(Inappropriate ioctl"):
        await text.set_brightness(1.0)
    await asyncio.gather(nowhere.close(), text.close())


async def test_without_a_device_in_the_configuration_the_panel_s_size_says_which(
    tmp_path: Path,
) -> None:
    for number, size in ((0, "1920x1080"), (77, "800x480"), (78, "320x240")):
        folder = tmp_path / f"class/graphics/fb{number}"
        folder.mkdir(parents=True)
        (folder / "modes").write_text(f"U:{size}p-60\n")
    display = framebuffer_display(LCD_5, sysfs=tmp_path, console=tmp_path / "no")
    with pytest.raises(HardwareError, match=r"can't open /dev/fb77: No such file"):
        await display.set_brightness(1.0)
    none = framebuffer_display(LCD_5, sysfs=tmp_path / "none", console=tmp_path / "no")
    with pytest.raises(HardwareError, match="this machine has no framebuffer"):
        await none.set_brightness(1.0)
    await asyncio.gather(display.close(), none.close())


async def test_the_backlight_is_dimmed_as_the_eye_sees_it(tmp_path: Path) -> None:
    async with framebuffer(tmp_path, geometry(800, 480)) as rig:
        await rig.display.show(picture(rig.display.info))
        lights = []
        for level in (1.0, 0.5, 0.001, 0.0, 1.0):
            await rig.display.set_brightness(level)
            power = (rig.backlight / "bl_power").read_text()
            lights.append((power, int((rig.backlight / "brightness").read_text())))
        assert lights == [("0", 255), ("0", 47), ("0", 1), ("4", 1), ("0", 255)]


@pytest.mark.parametrize("trouble", ["none", "unreadable", "unwritable"])
async def test_without_a_backlight_blank_is_black(trouble: str, tmp_path: Path) -> None:
    async with framebuffer(tmp_path, geometry(800, 480)) as rig:
        if trouble == "unreadable":
            (rig.backlight / "max_brightness").write_text("a lot")
        elif trouble == "unwritable":
            # Root may write whatever a file's mode says, but not into a directory.
            (rig.backlight / "brightness").unlink()
            (rig.backlight / "brightness").mkdir()
        else:
            for name in ("max_brightness", "brightness", "bl_power"):
                (rig.backlight / name).unlink()
            rig.backlight.rmdir()
        image = picture(rig.display.info)
        await rig.display.show(image)
        assert rig.picture().tobytes() == image.tobytes()
        await rig.display.set_brightness(0.0)
        assert rig.picture().getbbox() is None
        await rig.display.set_brightness(0.4)
        assert rig.picture().tobytes() == image.tobytes()


async def test_a_console_that_paints_itself_when_the_signal_comes_is_painted_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched = []
    async with framebuffer(tmp_path, geometry(800, 480)) as rig:

        def power(_fd: int, on: bool) -> None:
            switched.append(on)
            with rig.memory.open("r+b") as memory:
                memory.write(b"login: " * 10_000)

        monkeypatch.setattr(fbdev, "power", power)
        await rig.display.set_brightness(1.0)
        assert rig.picture().getbbox() is None
        image = picture(rig.display.info)
        await rig.display.show(image)
        for level in (0.0, 0.5, 0.7, 1.0):
            await rig.display.set_brightness(level)
        assert rig.picture().tobytes() == image.tobytes()
        # With a backlight the signal stays: some panels don't come back from without.
        assert switched == [True, True]


async def test_the_text_cursor_leaves_the_panel(tmp_path: Path) -> None:
    async with framebuffer(tmp_path, geometry(800, 480)) as rig:
        await rig.display.set_brightness(1.0)
        assert b"\x1b[?25l" in rig.console.read_bytes()


class _Bitfield(ctypes.Structure):
    _fields_ = (
        ("offset", ctypes.c_uint32),
        ("length", ctypes.c_uint32),
        ("msb_right", ctypes.c_uint32),
    )


class _Var(ctypes.Structure):
    """struct fb_var_screeninfo of linux/fb.h."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("xres", "yres", "xres_virtual", "yres_virtual")),
        *((name, ctypes.c_uint32) for name in ("xoffset", "yoffset", "bits_per_pixel", "grey")),
        *((name, _Bitfield) for name in ("red", "green", "blue", "transp")),
        ("rest", ctypes.c_uint32 * 20),
    )


class _Fix(ctypes.Structure):
    """struct fb_fix_screeninfo of linux/fb.h."""

    _fields_ = (
        ("id", ctypes.c_char * 16),
        ("smem_start", ctypes.c_ulong),
        *((name, ctypes.c_uint32) for name in ("smem_len", "type", "type_aux", "visual")),
        *((name, ctypes.c_uint16) for name in ("xpanstep", "ypanstep", "ywrapstep")),
        ("line_length", ctypes.c_uint32),
        ("mmio_start", ctypes.c_ulong),
        *((name, ctypes.c_uint32) for name in ("mmio_len", "accel")),
        ("capabilities", ctypes.c_uint16),
        ("reserved", ctypes.c_uint16 * 2),
    )


def test_the_kernels_answer_is_read_as_its_header_lays_it_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    var = _Var(xres=800, yres=480, xoffset=3, yoffset=480, bits_per_pixel=16, red=_Bitfield(11, 5))
    fix = _Fix(id=b"vc4drmfb", smem_start=2**40, smem_len=1 << 20, line_length=1664)
    answers = {0x4600: bytes(var), 0x4602: bytes(fix)}

    def ioctl(_fd: int, request: int, room: bytes) -> bytes:
        assert len(room) == len(answers[request])
        return answers[request]

    monkeypatch.setattr("fcntl.ioctl", ioctl)
    assert fbdev.read_geometry(0) == FramebufferGeometry(800, 480, 1664, 16, 11, 1 << 20, 3, 480)
