"""The panel's framebuffer and its backlight are found by what the kernel says of them."""

from pathlib import Path

import pytest

from likelight_hw.ports import HardwareError
from likelight_hw.rpi.kernel_screens import backlight, framebuffer, size_of

LCD_7, LCD_28, LCD_7_HD = (800, 480), (320, 240), (1280, 720)
HDMI, WIDE = ("vc4drmfb", "1920x1080"), ("vc4drmfb", "800x480")
DSI, TALL = ("drm-rp1-dsidrmf", "800x480"), ("drm-rp1-dsidrmf", "720x1280")
SPI = ("panel-mipi-dbid", "320x240")

Screens = dict[int, tuple[str, str]]


def kernel(
    sysfs: Path,
    screens: Screens,
    lights: dict[str, dict[str, str]] | None = None,
    connectors: tuple[str, ...] = (),
) -> Path:
    """Lay out /sys; the first screen's card has these connectors."""
    graphics = sysfs / "class/graphics"
    (graphics / "fbcon").mkdir(parents=True)
    for number, (name, size) in screens.items():
        folder = graphics / f"fb{number}"
        folder.mkdir()
        (folder / "name").write_text(f"{name}\n")
        (folder / "modes").write_text(f"U:{size}p-60\n" if size else "")
    for connector in connectors:
        card = sysfs / "devices/platform/axi/gpu/drm/card1"
        (card / f"card1-{connector}").mkdir(parents=True)
    if connectors:
        (graphics / f"fb{min(screens)}/device").symlink_to(sysfs / "devices/platform/axi/gpu")
    for name, said in (lights or {}).items():
        folder = sysfs / "class/backlight" / name
        folder.mkdir(parents=True)
        for attribute, text in said.items():
            (folder / attribute).write_text(f"{text}\n")
    return sysfs


@pytest.mark.parametrize(
    ("screens", "panel", "taken"),
    [
        ({0: HDMI}, LCD_7, 0),
        ({1: SPI}, LCD_7, 1),
        ({0: HDMI, 1: DSI}, LCD_7, 1),
        ({0: SPI, 1: HDMI, 2: DSI}, LCD_7, 2),
        ({0: SPI, 1: HDMI}, LCD_28, 0),
        ({0: HDMI, 3: TALL, 10: DSI}, LCD_7_HD, 3),
        ({2: DSI, 10: HDMI}, LCD_7, 2),
    ],
)
def test_the_panel_s_framebuffer_is_the_one_of_its_size(
    tmp_path: Path, screens: Screens, panel: tuple[int, int], taken: int
) -> None:
    assert framebuffer(panel, kernel(tmp_path, screens)) == (Path(f"/dev/fb{taken}"), None)


@pytest.mark.parametrize(
    ("screens", "panel", "taken", "words"),
    [
        (
            {0: SPI, 1: HDMI},
            LCD_7,
            1,
            "none of the framebuffers has the panel's 800 x 480 pixels (fb0 is panel-mipi-dbid with"
            " 320 x 240 pixels, fb1 is vc4drmfb with 1920 x 1080 pixels): /dev/fb1 is taken, unless"
            " display.device says another",
        ),
        ({0: HDMI, 1: ("vc4drmfb", "1024x600")}, LCD_7, 1, "none of the framebuffers"),
        ({0: WIDE, 1: DSI}, LCD_7, 1, "more than one of the framebuffers has the panel's 800 x"),
        ({4: DSI, 12: DSI}, LCD_7, 4, "more than one"),
        ({0: ("vfb", ""), 1: ("", "")}, LCD_7, 0, "fb1 is without a name with an unknown size"),
    ],
)
def test_where_the_size_leaves_a_doubt_it_is_told_and_the_choice_is_the_same_each_time(
    tmp_path: Path, screens: Screens, panel: tuple[int, int], taken: int, words: str
) -> None:
    found = framebuffer(panel, kernel(tmp_path, screens))
    assert found.taken == Path(f"/dev/fb{taken}")
    assert words in (found.doubt or "")


def test_a_machine_without_a_framebuffer(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="no framebuffer; is the panel's cable in"):
        framebuffer(LCD_7, kernel(tmp_path, {}))


def test_a_driver_without_modes_has_a_size_all_the_same(tmp_path: Path) -> None:
    sysfs = kernel(tmp_path, {0: ("Virtual FB", "")})
    assert size_of(Path("/dev/fb0"), sysfs) is None
    (sysfs / "class/graphics/fb0/virtual_size").write_text("800,480\n")
    assert size_of(Path("/dev/fb0"), sysfs) == (800, 480)


@pytest.mark.parametrize(
    ("lights", "connectors", "taken"),
    [
        ({}, ("HDMI-A-1",), None),
        ({"10-0045": {}}, (), "10-0045"),
        ({"10-0045": {}}, ("DSI-1",), "10-0045"),
        ({"10-0045": {"display_name": "DSI-1"}}, (), "10-0045"),
        ({"4-0045": {"display_name": "DSI-2"}, "6-0045": {"display_name": "DSI-1"}},
         ("HDMI-A-1", "DSI-1"), "6-0045"),
        ({"4-0045": {"display_name": "DSI-2"}}, ("HDMI-A-1",), None),
        ({"4-0045": {"display_name": "DSI-2"}, "soc:backlight": {"display_name": "(null)"}},
         ("SPI-1",), "soc:backlight"),
    ],
)  # fmt: skip
def test_the_backlight_is_the_one_of_the_framebuffer_s_connector(
    tmp_path: Path,
    lights: dict[str, dict[str, str]],
    connectors: tuple[str, ...],
    taken: str | None,
) -> None:
    found = backlight(Path("/dev/fb0"), kernel(tmp_path, {0: DSI}, lights, connectors))
    assert found.doubt is None
    assert (found.taken and found.taken.name) == taken


@pytest.mark.parametrize(
    ("lights", "taken"),
    [
        ({"11-0045": {"type": "raw"}, "10-0045": {"type": "raw"}}, "10-0045"),
        ({"10-0045": {"type": "raw"}, "rpi_backlight": {"type": "firmware"}}, "rpi_backlight"),
        ({"10-0045": {}, "soc:backlight": {"type": "raw"}}, "soc:backlight"),
    ],
)
def test_of_several_backlights_one_is_taken_by_rule_and_told(
    tmp_path: Path, lights: dict[str, dict[str, str]], taken: str
) -> None:
    found = backlight(Path("/dev/fb0"), kernel(tmp_path, {0: HDMI}, lights))
    assert found.taken is not None
    assert found.taken.name == taken
    assert f"more than one backlight may be the panel's ({taken}, " in (found.doubt or "")
    assert f"): {taken} is taken" in (found.doubt or "")
