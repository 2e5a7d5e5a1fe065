"""The header's GPIO chip and buses are found by what they are, never by their numbers."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from likelight_hw.ports import HardwareError
from likelight_hw.rpi import kernel_names
from likelight_hw.rpi.kernel_names import Bus, Choice, header_bus, header_chip

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


class DeviceTree:
    """A made-up /sys with the buses of one machine, and the device tree's names for them."""

    def __init__(self, root: Path) -> None:
        self.sysfs = root

    def alias(self, name: str, node: str) -> None:
        folder = self.sysfs / "firmware/devicetree/base/aliases"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(node.encode() + b"\0")

    def adapter(self, name: str, node: str | None) -> None:
        """Let the kernel have a bus called `name`; with None the device tree does not know it."""
        folder = "class/spi_master" if name.startswith("spi") else "bus/i2c/devices"
        device = self.sysfs / f"devices/platform/{name}.parent/{name}"
        device.mkdir(parents=True)
        link = self.sysfs / folder / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(device)
        if node is not None:
            described = self.sysfs / f"firmware/devicetree/base{node}"
            described.mkdir(parents=True, exist_ok=True)
            (device / "of_node").symlink_to(described)


PI_5_I2C, PI_5_SPI = "/axi/pcie@1000120000/rp1/i2c@74000", "/axi/pcie@1000120000/rp1/spi@50000"
PI_4_I2C, PI_4_SPI = "/soc/i2c@7e804000", "/soc/spi@7e204000"
OTHER_I2C, OTHER_SPI = "/soc/i2c@7e205000", "/soc/spi@7d004000"


@pytest.fixture
def tree(tmp_path: Path) -> DeviceTree:
    return DeviceTree(tmp_path)


@pytest.mark.parametrize(
    ("bus", "alias", "node", "adapters", "number"),
    [
        ("i2c", "i2c1", PI_4_I2C, {"i2c-1": PI_4_I2C}, 1),
        ("i2c", "i2c1", PI_5_I2C, {"i2c-0": None, "i2c-1": OTHER_I2C, "i2c-11": PI_5_I2C}, 11),
        ("i2c", "i2c", PI_5_I2C, {"i2c-2": PI_5_I2C, "i2c-10": "/soc/i2c0mux/i2c@1"}, 2),
        ("spi", "spi0", PI_4_SPI, {"spi0": PI_4_SPI}, 0),
        ("spi", "spi0", PI_5_SPI, {"spi0": OTHER_SPI, "spi4": None, "spi10": PI_5_SPI}, 10),
    ],
)
def test_a_bus_of_the_header_is_the_one_that_the_device_tree_calls_so(
    tree: DeviceTree,
    bus: Bus,
    alias: str,
    node: str,
    adapters: dict[str, str | None],
    number: int,
) -> None:
    tree.alias(alias, node)
    for name, place in adapters.items():
        tree.adapter(name, place)
    assert header_bus(bus, tree.sysfs) == Choice(number, None)


def test_the_role_of_the_header_goes_before_its_number(tree: DeviceTree) -> None:
    tree.alias("i2c", PI_5_I2C)
    tree.alias("i2c1", OTHER_I2C)
    tree.adapter("i2c-1", OTHER_I2C)
    tree.adapter("i2c-4", PI_5_I2C)
    assert header_bus("i2c", tree.sysfs).taken == 4


def test_what_lies_on_a_bus_is_no_bus(tree: DeviceTree) -> None:
    tree.alias("i2c1", PI_4_I2C)
    tree.adapter("i2c-ELAN0001:00", PI_4_I2C)
    tree.adapter("i2c-3", PI_4_I2C)
    assert header_bus("i2c", tree.sysfs).taken == 3


@pytest.mark.parametrize(
    ("bus", "number", "words"),
    [
        ("i2c", 1, "the device tree does not name the header's I2C bus: number 1 is taken for it"),
        ("spi", 0, "the device tree does not name the header's SPI bus: number 0 is taken for it"),
    ],
)
def test_without_a_name_the_usual_number_is_taken_and_said_once(
    tree: DeviceTree, bus: Bus, number: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    tree.adapter("i2c-7", PI_4_I2C)
    kernel_names._log_once.cache_clear()
    for _ in range(3):
        found = header_bus(bus, tree.sysfs)
        assert kernel_names.tell(found) == number
    assert found.doubt is not None
    assert found.doubt.startswith(words)
    assert caplog.messages == [f"T{found.doubt[1:]}"]


@pytest.mark.parametrize(
    ("bus", "alias", "switch"), [("i2c", "i2c1", "i2c_arm=on"), ("spi", "spi0", "spi=on")]
)
def test_a_named_bus_that_is_off_is_not_another_one_at_its_number(
    tree: DeviceTree, bus: Bus, alias: str, switch: str
) -> None:
    tree.alias(alias, PI_4_I2C)
    tree.adapter("i2c-1", OTHER_I2C)
    tree.adapter("spi0", None)
    with pytest.raises(HardwareError, match=f"bus is off: put dtparam={switch} into"):
        header_bus(bus, tree.sysfs)
