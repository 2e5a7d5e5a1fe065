"""The header's GPIO chip is found by what it is, never by its number."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from likelight_hw.ports import HardwareError
from likelight_hw.rpi.kernel_names import header_chip

PI_4 = "brcm,bcm2711-gpio"
PI_5 = "raspberrypi,rp1-gpio"
ZERO_2 = "brcm,bcm2835-gpio"
EXPANDER = "nxp,pcf8574"
FIRMWARE = "raspberrypi,firmware-gpio"


def kernel(root: Path, chips: dict[int, str | None]) -> Path:
    """Lay out /sys as a kernel with these chips does; None: the device tree has none such."""
    for number, compatible in chips.items():
        chip = root / f"devices/platform/soc/chip{number}/gpiochip{number}"
        chip.mkdir(parents=True)
        (chip / "dev").write_text(f"254:{number}\n")
        if compatible is not None:
            node = root / f"firmware/devicetree/base/chip{number}"
            node.mkdir(parents=True)
            (node / "compatible").write_bytes(compatible.encode() + b"\0")
            (chip / "of_node").symlink_to(node)
        link = root / f"bus/gpio/devices/gpiochip{number}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(chip)
    return root


def labels(known: dict[int, str]) -> Callable[[int], str]:
    """Answer for the chips in `known`; no other may be opened."""
    return lambda chip: known[chip]


@pytest.mark.parametrize(
    ("chips", "header"),
    [
        ({0: PI_4, 1: FIRMWARE}, 0),
        ({0: ZERO_2}, 0),
        ({0: "brcm,brcmstb-gpio", 4: PI_5}, 4),
        ({0: EXPANDER, 11: PI_5}, 11),
        ({0: EXPANDER, 2: "brcm,brcmstb-gpio", 15: "vendor,other\0" + PI_5}, 15),
        ({0: None, 11: PI_5}, 11),
    ],
)
def test_the_device_tree_names_it_and_no_chip_is_opened(
    tmp_path: Path, chips: dict[int, str | None], header: int
) -> None:
    assert header_chip(kernel(tmp_path, chips), labels({})) == header


@pytest.mark.parametrize("label", ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"])
def test_chips_outside_the_device_tree_are_asked_for_their_label(
    tmp_path: Path, label: str
) -> None:
    sysfs = kernel(tmp_path, {0: None, 7: EXPANDER, 11: None})
    assert header_chip(sysfs, labels({0: "pcf8574", 11: label})) == 11


def test_no_header_says_what_is_there(tmp_path: Path) -> None:
    def label_of(chip: int) -> str:
        assert chip != 2, "the device tree has said what it is"
        if chip == 1:
            raise PermissionError(errno.EACCES, "Permission denied")
        return "ftdi-cbus"

    sysfs = kernel(tmp_path, {0: None, 1: None, 2: EXPANDER})
    with pytest.raises(HardwareError) as refused:
        header_chip(sysfs, label_of)
    assert str(refused.value) == (
        "no GPIO chip is a Raspberry Pi's header; gpiochip0 is ftdi-cbus, gpiochip1 is unknown"
        " (Permission denied), gpiochip2 is nxp,pcf8574; use the sim drivers here"
    )


def test_a_machine_without_gpio_chips(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="header; this machine has none; use the sim drivers"):
        header_chip(tmp_path, labels({}))


@pytest.mark.parametrize("known", [{0: PI_4, 11: PI_5, 12: EXPANDER}, {0: None, 11: None}])
def test_two_headers_are_none_because_the_wrong_one_may_switch_something_else(
    tmp_path: Path, known: dict[int, str | None]
) -> None:
    sysfs = kernel(tmp_path, known)
    with pytest.raises(HardwareError, match="more than one GPIO chip") as refused:
        header_chip(sysfs, labels({0: "pinctrl-bcm2711", 11: "pinctrl-rp1"}))
    assert "gpiochip0 is" in str(refused.value)
    assert "gpiochip11 is" in str(refused.value)
    assert "pcf8574" not in str(refused.value)
