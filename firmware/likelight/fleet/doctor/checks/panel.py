"""The panel: its bus, its address, its speed, or the framebuffer that it is behind."""

from pathlib import Path

from likelight.fleet.doctor.check import Check, Finding, Result, check, fail, ok, skip, warn
from likelight.fleet.doctor.checks.pins import node
from likelight.fleet.doctor.system import System
from likelight_hw.panels import PANELS
from likelight_hw.ports import HardwareError
from likelight_hw.rpi import kernel_names, kernel_screens
from likelight_hw.rpi.kernel_names import Bus, Choice

FAST_HZ = 400_000
ADDRESSES = range(0x08, 0x78)
_NO_I2C = "no panel on I²C"
_NO_SPI = "no panel on SPI"
_NO_FRAMEBUFFER = "no panel behind a framebuffer"


def _bus(system: System) -> str | None:
    display = system.config.wiring.display
    if display.driver != "luma":
        return None
    return display.bus or PANELS[display.panel].bus


def _port(system: System, bus: Bus) -> Choice[int]:
    """Return the number of the panel's bus. Raises `HardwareError` when it is off."""
    port = system.config.wiring.display.port
    if port is not None:
        return Choice(port)
    return kernel_names.header_bus(bus, system.at("/sys"))


def _i2c(system: System) -> str:
    return f"/dev/i2c-{_port(system, 'i2c').taken}"


def _framebuffer(system: System) -> Choice[Path]:
    """Return the panel's framebuffer. Raises `HardwareError` when there is none."""
    display = system.config.wiring.display
    if display.device is not None:
        return Choice(display.device)
    info = PANELS[display.panel].info
    return kernel_screens.framebuffer((info.width, info.height), system.at("/sys"))


def _doubted(finding: Finding, doubt: str | None, setting: str) -> Finding:
    """Return a good `finding` as a warning, until `setting` says which device it is."""
    if doubt is None or finding.result is not Result.OK:
        return finding
    return warn(f"{finding.words}; {doubt}", f"set {setting} in likelight.toml")


@check(
    "panel-library",
    what="The panel's libraries are installed",
    why="A panel whose library is missing stays dark; everything else works",
    fix="Install likelight's own requirements again; on SPI also `sudo apt install python3-spidev`",
)
def panel_library(system: System) -> Finding:
    bus = _bus(system)
    if bus is None:
        return skip("the panel needs none")
    needed = ("luma.core", "luma.oled", "luma.lcd", "spidev" if bus == "spi" else "smbus2")
    missing = []
    for name in needed:
        try:
            found = system.has_module(name)
        except ModuleNotFoundError:
            found = False
        if not found:
            missing.append(name)
    return fail(f"missing: {', '.join(missing)}") if missing else ok(", ".join(needed))


@check(
    "i2c-node",
    what="The I²C bus is on, and the daemon may use it",
    why="An OLED on I²C needs it, and it is off in a fresh Raspberry Pi OS",
    fix="Add dtparam=i2c_arm=on to config.txt (or `sudo raspi-config`), and start again",
)
def i2c_node(system: System) -> Finding:
    if _bus(system) != "i2c":
        return skip(_NO_I2C)
    try:
        port = _port(system, "i2c")
    except HardwareError as error:
        return fail(str(error))
    absent = "add dtparam=i2c_arm=on to config.txt, load i2c-dev, start again"
    return _doubted(
        node(system, f"/dev/i2c-{port.taken}", absent), port.doubt, f"display.port = {port.taken}"
    )


@check(
    "i2c-panel",
    what="The panel answers on the I²C bus",
    why="A loose wire, or an address that is another than the configuration's",
    fix="Check SDA, SCL, power and ground; set display.address to the panel's own",
)
def i2c_panel(system: System) -> Finding:
    if _bus(system) != "i2c":
        return skip(_NO_I2C)
    address = system.config.wiring.display.address
    address = 0x3C if address is None else address
    try:
        path = _i2c(system)
    except HardwareError:
        return skip("the bus is off: see i2c-node")
    bus = system.at(path)
    try:
        if system.i2c_answers(bus, address):
            return ok(f"it answers at {address:#04x}")
        others = [other for other in ADDRESSES if system.i2c_answers(bus, other)]
    except OSError as error:
        return skip(f"{path} can't be asked: {error.strerror}")
    if others:
        found = ", ".join(f"{other:#04x}" for other in others)
        return fail(
            f"nobody answers at {address:#04x}; on the bus: {found}",
            f"if that is the panel, set display.address = {others[0]:#04x}",
        )
    return fail(f"nobody answers at {address:#04x}, nor anywhere on {path}")


@check(
    "i2c-speed",
    what="The I²C bus runs at 400 kHz",
    why="At the usual 100 kHz a picture takes 93 ms, and a new page appears slowly, row by row",
    fix="Add dtparam=i2c_arm_baudrate=400000 to config.txt, and start again",
)
def i2c_speed(system: System) -> Finding:
    if _bus(system) != "i2c":
        return skip(_NO_I2C)
    try:
        number = _port(system, "i2c").taken
        # Not below class/i2c-adapter: new kernels have no such class.
        cell = system.at(f"/sys/bus/i2c/devices/i2c-{number}/of_node/clock-frequency")
        hertz = int.from_bytes(cell.read_bytes()[:4], "big")
    except (HardwareError, OSError):
        return skip("the kernel doesn't report it")
    speed = f"{hertz // 1000} kHz"
    return ok(speed) if hertz >= FAST_HZ else warn(speed)


@check(
    "spi-node",
    what="The SPI bus is on, and the daemon may use it",
    why="A panel on SPI needs it, and it is off in a fresh Raspberry Pi OS",
    fix="Add dtparam=spi=on to config.txt, and start again",
)
def spi_node(system: System) -> Finding:
    if _bus(system) != "spi":
        return skip(_NO_SPI)
    try:
        port = _port(system, "spi")
    except HardwareError as error:
        return fail(str(error))
    path = f"/dev/spidev{port.taken}.{system.config.wiring.display.chip_select or 0}"
    seen = node(system, path, "add dtparam=spi=on to config.txt, and start again")
    return _doubted(seen, port.doubt, f"display.port = {port.taken}")


@check(
    "framebuffer-node",
    what="The panel's framebuffer is there, and the daemon may use it",
    why="Without a cable that the kernel recognises the panel has no framebuffer",
    fix="Check the panel's cable and power, with display_auto_detect=1 in config.txt",
)
def framebuffer_node(system: System) -> Finding:
    if system.config.wiring.display.driver != "framebuffer":
        return skip(_NO_FRAMEBUFFER)
    try:
        device = _framebuffer(system)
    except HardwareError as error:
        return fail(str(error))
    seen = node(system, str(device.taken), framebuffer_node.fix)
    return _doubted(seen, device.doubt, 'display.device = "/dev/fbN"')


@check(
    "framebuffer-size",
    what="The framebuffer has the panel's size",
    why="On another size the picture is small in a corner of black, and its type too small to read",
    fix="Set display.panel (and display.rotate) to the panel that is mounted",
)
def framebuffer_size(system: System) -> Finding:
    display = system.config.wiring.display
    if display.driver != "framebuffer":
        return skip(_NO_FRAMEBUFFER)
    try:
        size = kernel_screens.size_of(_framebuffer(system).taken, system.at("/sys"))
    except HardwareError:
        return skip("there is no framebuffer: see framebuffer-node")
    if size is None:
        return skip("the kernel doesn't report it")
    info = PANELS[display.panel].info
    if set(size) == {info.width, info.height}:
        return ok(kernel_screens.pixels(size))
    return warn(
        f"it has {kernel_screens.pixels(size)}, {display.panel} has {info.width} x {info.height}"
    )


CHECKS: tuple[Check, ...] = (
    panel_library,
    i2c_node,
    i2c_panel,
    i2c_speed,
    spi_node,
    framebuffer_node,
    framebuffer_size,
)
