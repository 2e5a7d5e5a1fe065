"""The wiring pages say the same as the kit files."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from likelight.config.hardware import HardwareSettings
from likelight_hw import boards
from likelight_hw.panels import PANELS

ROOT = Path(__file__).parents[3]
HW = ROOT / "hw"
WIRING = (HW / "WIRING.md").read_text(encoding="utf-8")
BOARD = boards.board("pi-4")
RULES = "70-likelight.rules"
SVG = "{http://www.w3.org/2000/svg}"


def pins_of(key: str) -> dict[str, int]:
    """Return the GPIO number of each pin that a kit takes, by the setting's name."""
    hardware = HardwareSettings.model_validate(boards.kit(key).settings)
    pins = {
        "indicator.pin": hardware.indicator.pin,
        "buttons.pin_thanks": hardware.buttons.pin_thanks,
        "buttons.pin_privacy": hardware.buttons.pin_privacy,
        "lights.pin": hardware.lights[0].pin,
    }
    if PANELS[hardware.display.panel].bus == "i2c":
        pins |= {f"display {name}": gpio for gpio, name in BOARD.buses["i2c1"].items()}
    return {name: pin for name, pin in pins.items() if pin is not None}


@pytest.mark.parametrize("key", boards.kits())
def test_the_pin_tables_are_the_kits(key: str) -> None:
    table = WIRING.split(f"<!-- pins: {key} -->")[1].split("\n\n")[0]
    rows = [
        [cell.strip().replace("`", "") for cell in line.split("|")[1:4]]
        for line in table.splitlines()[3:]
    ]
    assert {name: (int(gpio), int(pin)) for name, gpio, pin in rows} == {
        name: (gpio, BOARD.header[gpio]) for name, gpio in pins_of(key).items()
    }


@pytest.mark.parametrize("key", boards.kits())
def test_the_drawings_are_the_kits(key: str) -> None:
    drawing = ElementTree.parse(HW / f"wiring-{key}.svg").getroot()
    drawn: dict[str, list[int]] = {}
    numbers = set()
    for part in drawing.iter(f"{SVG}g"):
        if part.get("id") == "header":
            numbers = {
                int(text.text or "") for text in part.iter(f"{SVG}text") if text.text.isdigit()
            }  # type: ignore[union-attr]
        if gpios := [int(gpio) for gpio in part.get("data-gpio", "").split()]:
            assert [BOARD.header[gpio] for gpio in gpios] == [
                int(pin) for pin in part.get("data-pin", "").split()
            ]
            drawn[part.get("data-part", "")] = gpios
    pins = pins_of(key)
    assert drawn["lights"] == [pins["lights.pin"]]
    assert drawn["indicator"] == [pins["indicator.pin"]]
    assert drawn["thanks"] == [pins["buttons.pin_thanks"]]
    assert drawn["privacy"] == [pins["buttons.pin_privacy"]]
    assert {BOARD.header[gpio] for gpio in pins.values()} <= numbers
    labels = {text.text for text in drawing.iter(f"{SVG}text")}
    assert {f"GPIO {gpio}" for gpio in pins.values()} <= {
        re.sub(r" S(DA|CL)$", "", label or "") for label in labels
    }
    assert drawing.find(f"{SVG}title") is not None
    assert drawing.find(f"{SVG}desc") is not None


@pytest.mark.parametrize("key", boards.kits())
def test_each_kit_has_its_lines_for_config_txt(key: str) -> None:
    lines = (HW / "overlays" / f"{key}.txt").read_text().splitlines()
    assert "dtparam=strict_gpiod" in lines
    pins = pins_of(key)
    # 4 is Alt0, in which GPIO 12 and 13 are PWM (the kernel's overlays/README).
    assert f"dtoverlay=pwm,pin={pins['lights.pin']},func=4" in lines
    assert any(line.startswith("dtparam=i2c_arm=on") for line in lines) == ("display SDA" in pins)


def test_every_overlay_is_a_fragment_of_config_txt() -> None:
    for path in sorted((HW / "overlays").glob("*.txt")):
        lines = path.read_text().splitlines()
        assert lines[0].startswith("# "), path
        for line in lines:
            assert re.fullmatch(r"|# .*|#|\[(all|pi5)\]|(dtoverlay|dtparam)=\S+|\w+=1", line), line
            assert len(line) <= 98, "the firmware cuts a line of config.txt at 98 characters"


def test_the_pwm_of_every_board_is_opened_by_udev() -> None:
    rules = (HW / "udev" / RULES).read_text()
    (chips,) = re.findall(r'KERNELS=="([^"]+)"', rules)
    known = {pwm.chip for key in boards.boards() for pwm in boards.board(key).pwm.values()}
    assert set(chips.split("|")) == known


def test_every_udev_rule_matches_something_and_gives_it_to_a_group() -> None:
    rules = (HW / "udev" / RULES).read_text().splitlines()
    pair = r'[A-Z]+(==|=|\+=)"[^"]*"'
    for rule in (line for line in rules if line and not line.startswith("#")):
        assert re.fullmatch(rf"{pair}(, {pair})+", rule), rule
        assert "==" in rule
        assert re.search(r'GROUP="(gpio|i2c|spi|video)"|chgrp (-R )?(gpio|video) ', rule), rule
    # `udevadm verify` came with systemd 254; Debian 12 has 252.
    if (udevadm := shutil.which("udevadm")) is not None:
        version = subprocess.run([udevadm, "--version"], capture_output=True, text=True).stdout
        if int(version) >= 254:
            command = [udevadm, "verify", "--resolve-names=never", str(HW / "udev" / RULES)]
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr


def test_the_unit_may_touch_what_the_drivers_open() -> None:
    unit = (ROOT / "systemd" / "likelight.service").read_text()
    for device in ("gpiochip", "i2c", "spi", "fb", "ws2812-pio-rp1"):
        assert f"DeviceAllow=char-{device} rw" in unit
    assert "ExecStopPost=-/opt/likelight/current/bin/likelight lights off --hardware" in unit
    assert "SupplementaryGroups=gpio i2c spi video render" in unit
    assert "WorkingDirectory=/run/likelight" in unit
    assert "Environment=LG_WD=/run/likelight" in unit


def test_boards_and_kits_are_packed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=150)
    (wheel,) = tmp_path.glob("*.whl")
    (sdist,) = tmp_path.glob("*.tar.gz")
    data = [f"boards/{key}.toml" for key in boards.boards()]
    data += [f"boards/kits/{key}.toml" for key in boards.kits()]
    with zipfile.ZipFile(wheel) as archive:
        assert {f"likelight_hw/{name}" for name in data} <= set(archive.namelist())
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {f"hw/likelight_hw/{name}" for name in data} <= names
    assert {"hw/WIRING.md", "hw/BOM.md", "hw/wiring-cheap.svg", "hw/overlays/cheap.txt"} <= names
    assert {"hw/udev/70-likelight.rules", "systemd/likelight.service"} <= names
