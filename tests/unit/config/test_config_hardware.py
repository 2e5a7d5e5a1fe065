"""A mistake in the wiring is reported before anything is switched on: file, line, key, fix."""

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likelight.config.hardware import (
    ButtonsSettings,
    DisplaySettings,
    IndicatorSettings,
    LampSettings,
)
from likelight.config.pins import USUAL_DC
from likelight.config.settings import Config, ConfigError, read_config
from likelight_hw.rpi import luma_panel
from likelight_hw.wiring import ButtonWiring, LampWiring, PwmChannel


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "likelight.toml"
    path.write_text(text, encoding="utf-8")
    return path


def told(tmp_path: Path, text: str) -> list[str]:
    """Return the lines with which `text` is refused, without the first."""
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        read_config(path)
    head, *lines = str(error.value).split("\n")
    assert str(path) in head
    return [line.strip() for line in lines]


def test_without_a_board_everything_is_simulated() -> None:
    wiring = Config().wiring
    assert wiring.lights == (LampWiring(),)
    assert (wiring.thanks, wiring.privacy) == (ButtonWiring(), ButtonWiring())


def test_one_table_is_a_list_of_one(tmp_path: Path) -> None:
    one = read_config(written(tmp_path, 'board = "pi-4"\n[lights]\ndriver = "pwm"\npin = 12'))
    listed = read_config(written(tmp_path, 'board = "pi-4"\n[[lights]]\ndriver = "pwm"\npin = 12'))
    assert one.lights == listed.lights == (LampSettings(driver="pwm", pin=12),)


def test_hardware_pwm_is_found_on_the_board(tmp_path: Path) -> None:
    text = '[[lights]]\ndriver = "sysfs-pwm"\npin = 18\n'
    chips = {
        board: read_config(written(tmp_path, f'board = "{board}"\n{text}')).wiring.lights[0].pwm
        for board in ("pi-4", "pi-5")
    }
    assert chips == {
        "pi-4": PwmChannel("fe20c000.pwm", 0),
        "pi-5": PwmChannel("1f00098000.pwm", 2),
    }


def test_the_file_lies_over_the_kit_and_the_kit_over_the_defaults(tmp_path: Path) -> None:
    config = read_config(
        written(
            tmp_path,
            'board = "pi-4"\nkit = "reference"\n'
            "[lights]\nfrequency_hz = 5000\n"
            '[display]\npanel = "lcd-7-hd"\n[buttons]\ndriver = "sim"',
        )
    )
    assert config.lights[0] == LampSettings(driver="sysfs-pwm", pin=12, frequency_hz=5000)
    assert (config.display.driver, config.display.panel) == ("framebuffer", "lcd-7-hd")
    assert config.indicator.pin == 23
    assert (config.buttons.driver, config.buttons.pin_thanks) == ("sim", None)


@pytest.mark.parametrize("table", ["[lights]", "[[lights]]"])
def test_one_lamp_lies_over_the_kits_however_its_table_is_written(
    tmp_path: Path, table: str
) -> None:
    text = f'board = "pi-4"\nkit = "cheap"\n{table}\nactive_low = true'
    lamp = LampSettings(driver="sysfs-pwm", pin=12, frequency_hz=2000, active_low=True)
    assert read_config(written(tmp_path, text)).lights == (lamp,)


def test_lamps_of_the_file_replace_those_of_the_kit(tmp_path: Path) -> None:
    text = 'board = "pi-4"\nkit = "cheap"\n[[lights]]\ndriver = "rgb"\npins = [17, 27, 22]'
    assert [lamp.pins for lamp in read_config(written(tmp_path, text)).lights] == [(17, 27, 22)]


def test_the_camera_asks_for_no_more_than_the_board_carries(tmp_path: Path) -> None:
    assert read_config(written(tmp_path, 'board = "zero-2w"')).camera.fps == 25
    assert read_config(written(tmp_path, 'board = "pi-4"')).camera.width == 1280
    assert read_config(written(tmp_path, 'board = "zero-2w"\n[camera]\nfps = 30')).camera.fps == 30


ALL_SIMULATED = "".join(
    f'[{table}]\ndriver = "sim"\n' for table in ("lights", "indicator", "display", "buttons")
)
LAMP = '[[lights]]\ndriver = "pwm"\npin = '


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        # Names
        ('board = "pi4"', "line 1: board: no board is called 'pi4'; did you mean pi-4?"),
        ('board = ""', "line 1: board: no board is called ''; there is: pi-3b-plus, pi-4, pi-5"),
        ('kit = ""', "line 1: kit: no kit is called ''; there is: cheap, reference"),
        ('kit = "refrence"', "line 1: kit: no kit is called 'refrence'; did you mean reference?"),
        (
            'board = "zero-2w"\nkit = "reference"',
            "line 2: kit: reference doesn't fit zero-2w; it is for pi-3b-plus, pi-4, pi-5",
        ),
        (
            '[display]\ndriver = "sim"\npanel = "oled-2.4"',
            "line 3: display.panel: no panel is called 'oled-2.4'; did you mean oled-2.42?",
        ),
        (
            '[[lights]]\ndriver = "sim"\n[[lights]]\ndriver = "sysfspwm"',
            "line 4: lights.1.driver: no driver is called 'sysfspwm'; did you mean sysfs-pwm?",
        ),
        (
            "[lights]\nfrequency = 1000",
            "line 2: lights.frequency: no such setting; did you mean frequency_hz?",
        ),
        # Channels without a driver, and drivers without a channel
        (
            "[lights]\npin = 0",
            'line 1: lights: a pin without a driver: add, for example, driver = "pwm"',
        ),
        (
            "[indicator]\npin = 23",
            'line 1: indicator: a pin without a driver: add driver = "onoff"',
        ),
        (
            "[buttons]\npin_thanks = 5",
            'line 1: buttons: a pin without a driver: add driver = "gpio"',
        ),
        ("[display]\npin_dc = 24", "line 1: display: a bus or a pin without a driver"),
        ('[lights]\ndriver = "pwm"', 'line 1: lights: driver = "pwm" needs pin'),
        ('[lights]\ndriver = "rgb"', 'line 1: lights: driver = "rgb" needs pins'),
        (
            '[lights]\ndriver = "ws2812-pio"\nleds = 3',
            'line 1: lights: driver = "ws2812-pio" needs pin',
        ),
        ('[indicator]\ndriver = "onoff"', 'line 1: indicator: driver = "onoff" needs pin'),
        (
            '[buttons]\ndriver = "gpio"\npin_thanks = 5',
            'line 1: buttons: driver = "gpio" needs pin_privacy',
        ),
        (
            '[[lights]]\ndriver = "rgb"\npins = [17, 27]',
            "line 3: lights.0.pins: an rgb lamp has three pins, red, green and blue; here are 2",
        ),
        (
            '[display]\ndriver = "luma"\npanel = "lcd-7"',
            "line 1: display: lcd-7 is not a panel of luma",
        ),
        (
            '[display]\ndriver = "luma"\npanel = "lcd-1.3"\nbus = "i2c"',
            'line 1: display: lcd-1.3 has no I2C: set bus = "spi", or leave it out',
        ),
        ("lights = []", "line 1: lights: there is no lamp"),
        (
            '[lights]\ndriver = "pwm"\npin = 12\nfrequency_hz = 20000',
            'line 1: lights: driver = "pwm" dims with at most frequency_hz = 10000',
        ),
        (
            '[lights]\ndriver = "ws2812-pio"\nleds = 500\npin = 18',
            "line 1: lights: 500 LEDs would hardly glow with max_milliamps = 1500; give them 2000",
        ),
        # What is not a text, a number or a table
        ("board = 4", 'line 1: board: this takes a text in quotes, such as "pi-4"'),
        ('[indicator]\npin = "23"', "line 2: indicator.pin: this takes a whole number, without"),
        ("[indicator]\ndriver = 1", "a text in quotes, one of: 'sim' or 'onoff'"),
        ("[lights]\npins = 17", "line 2: lights.pins: this takes a list in brackets"),
        ("[lights]\nactive_low = []", "line 2: lights.active_low: this takes true or false"),
        (
            '[[display]]\npanel = "lcd-5"',
            "line 1: display: this is a table: a line [display], and its settings in the lines",
        ),
        # The board
        (
            f"[kitchen]\n{LAMP}12",
            'line 3: lights.0.driver: driver = "pwm" needs a board: add board = "pi-4" above the '
            "first table (there is: pi-3b-plus, pi-4, pi-5, zero-2w)",
        ),
        ('[display]\ndriver = "framebuffer"', "line 2: display.driver: "),
        (
            'kit = "cheap"\n[buttons]\ndriver = "sim"',
            'line 1: kit: a kit needs a board: add board = "pi-4" above the first table',
        ),
        (
            f'kit = "cheap"\n{ALL_SIMULATED}',
            'line 1: kit: a kit needs a board: add board = "pi-4" above the first table',
        ),
        (
            f'board = "pi-4"\nkit = "cheap"\n{ALL_SIMULATED}',
            'line 2: kit: every part of this kit is set to driver = "sim": remove those tables',
        ),
        (
            f'board = "pi-4"\n{LAMP}28',
            "line 4: lights.0.pin: a Raspberry Pi 4 Model B has no GPIO 28 on its header",
        ),
        (f'board = "pi-4"\n{LAMP}32', "; if you count the header's pins, 32 is GPIO 12"),
        (f'board = "pi-4"\n{LAMP}1', "line 4: lights.0.pin: GPIO 1 is for the EEPROM of a HAT"),
        (
            'board = "pi-4"\n[lights]\ndriver = "sysfs-pwm"\npin = 17',
            "line 4: lights.pin: GPIO 17 has no hardware PWM on a Raspberry Pi 4 Model B; "
            'GPIO 12, 13, 18, 19 have, or set driver = "pwm"',
        ),
        (
            'board = "pi-4"\n[[lights]]\ndriver = "sysfs-pwm"\npin = 12\n'
            '[[lights]]\ndriver = "sysfs-pwm"\npin = 18',
            "line 7: lights.1.pin: GPIO 18 is on PWM channel 0, and so is lights.0.pin (line 4)",
        ),
        (
            'board = "pi-4"\n[lights]\ndriver = "ws2812-pio"\nleds = 30\npin = 18',
            "line 3: lights.driver: ws2812-pio exists on a Raspberry Pi 5 only",
        ),
        (
            'board = "pi-4"\n[display]\ndriver = "luma"\npanel = "oled-0.96"\nport = 3',
            "line 5: display.port: a Raspberry Pi 4 Model B has no i2c3 on its header; it has i2c1",
        ),
        # Something twice
        (
            'board = "pi-5"\n[[lights]]\ndriver = "ws2812-pio"\nleds = 3\npin = 18\n'
            '[[lights]]\ndriver = "ws2812-pio"\nleds = 3\npin = 19',
            "line 6: lights.1.device: /dev/leds0 is taken twice, also by lights.0.device (line 2)",
        ),
        (
            f'board = "pi-4"\n{LAMP}12\n[indicator]\ndriver = "onoff"\npin = 12',
            "line 7: indicator.pin: GPIO 12 is taken twice, also by lights.0.pin (line 4)",
        ),
        (
            'board = "pi-4"\n[lights]\ndriver = "rgb"\npins = [17,\n27,\n17]',
            "line 6: lights.pins.2: GPIO 17 is taken twice, also by lights.pins.0 (line 4)",
        ),
        (
            f'board = "pi-4"\nkit = "cheap"\n{LAMP}5',
            "lights.0.pin: GPIO 5 is taken twice, also by buttons.pin_thanks (of kit cheap)",
        ),
        (
            f'board = "pi-4"\nkit = "cheap"\n{LAMP}3',
            "lights.0.pin: GPIO 3 (I2C1 SCL) is taken twice, also by display (of kit cheap)",
        ),
        (
            f'board = "pi-4"\n{LAMP}8\n[display]\ndriver = "luma"\npanel = "lcd-2.8"',
            "line 4: lights.0.pin: GPIO 8 (SPI0 CE0) is taken twice, also by display (line 5)",
        ),
        (
            f'board = "pi-4"\n{LAMP}24\n[display]\ndriver = "luma"\npanel = "lcd-2.8"',
            "line 4: lights.0.pin: GPIO 24 (D/C) is taken twice, also by display (line 5)",
        ),
        (
            'board = "pi-4"\n[display]\ndriver = "framebuffer"\npanel = "lcd-5"\nbus = "spi"\n'
            '[buttons]\ndriver = "gpio"\npin_thanks = 11\npin_privacy = 6',
            "buttons.pin_thanks: GPIO 11 (SPI0 SCLK) is taken twice, also by display (line 2)",
        ),
    ],
)
def test_a_mistake_names_the_line_to_change(tmp_path: Path, text: str, mistake: str) -> None:
    lines = told(tmp_path, text)
    assert any(mistake in line for line in lines), lines


def test_all_mistakes_of_the_wiring_are_told_at_once_with_the_others(tmp_path: Path) -> None:
    lines = told(
        tmp_path,
        'board = "pi-4"\n[web]\nport = 0\n[[lights]]\ndriver = "rgb"\npins = [1]\n'
        '[[lights]]\ndriver = "pwm"\npin = 23\n[indicator]\ndriver = "onoff"\npin = 23\n'
        '[buttons]\ndriver = "gpio"\npin_thanks = 99\npin_privacy = 40',
    )
    assert [line.split(": ")[:2] for line in lines] == [
        ["line 3", "web.port"],
        ["line 6", "lights.0.pins"],
        ["line 12", "indicator.pin"],
        ["line 15", "buttons.pin_thanks"],
    ]


def test_a_simulated_part_keeps_the_pins_of_the_real_one(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, '[lights]\ndriver = "sim"\npin = 12'))
    assert config.wiring.lights[0].driver == "sim"


def test_the_check_knows_the_drivers_own_default() -> None:
    assert USUAL_DC == luma_panel.PIN_DC


WORDS = "sim pwm rgb onoff sysfs-pwm ws2812-pio luma framebuffer gpio spi pi-5 cheap lcd-2.8 x"
VALUES = st.sampled_from(
    [*WORDS.split(), 3, 12, 18, 40, -1, 10**9, True, 1.5, [], [17, 27, 22], [[1]]]
)


@st.composite
def configurations(draw: st.DrawFn) -> str:
    """Draw a file whose settings exist and whose values come as they may."""

    def some(names: Iterable[str]) -> list[str]:
        chosen = draw(st.lists(st.sampled_from(sorted(names)), unique=True, max_size=4))
        return [f"{name} = {json.dumps(draw(VALUES))}" for name in chosen]

    lines = some(["board", "kit"])
    for table, model in TABLES.items():
        lines += [draw(st.sampled_from([f"[{table}]", f"[[{table}]]"])), *some(model.model_fields)]
    return "\n".join(lines)


TABLES = {
    "lights": LampSettings,
    "indicator": IndicatorSettings,
    "display": DisplaySettings,
    "buttons": ButtonsSettings,
}


@given(configurations())
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_is_wired_or_refused_with_its_line(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            assert read_config(written(Path(folder), text)).wiring
        except ConfigError as error:
            lines = str(error).split("\n")[1:]
            assert lines
            assert all(line.startswith("  line ") for line in lines), lines
