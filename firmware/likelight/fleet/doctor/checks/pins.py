"""The header's pins: what drives them, who may use them, and who else has them."""

from likelight.config.pins import USUAL_DC
from likelight.fleet.doctor.boot_config import has_param, switched_on
from likelight.fleet.doctor.check import Check, Finding, check, fail, ok, skip
from likelight.fleet.doctor.system import System
from likelight_hw.panels import PANELS
from likelight_hw.ports import HardwareError
from likelight_hw.rpi import kernel_names

NO_HEADER = "use a Raspberry Pi, or the sim drivers"
NO_PINS = "the configuration has nothing on a GPIO pin"
OWN = "lg"
"""What lgpio calls itself when it takes a line."""


def gpio(system: System) -> dict[int, str]:
    """Return the pins that lgpio drives, each with the part that uses it."""
    wiring, found = system.config.wiring, dict[int | None, str]()
    for lamp in wiring.lights:
        if lamp.driver in ("pwm", "onoff"):
            found[lamp.pin] = "the lamp"
        if lamp.driver == "rgb":
            found |= dict.fromkeys(lamp.pins or (), "the lamp")
    if wiring.indicator.driver == "onoff":
        found[wiring.indicator.pin] = "the on-air light"
    for button, name in ((wiring.thanks, "THANKS"), (wiring.privacy, "PRIVACY")):
        if button.driver == "gpio":
            found[button.pin] = name
    display = wiring.display
    if display.driver == "luma" and (display.bus or PANELS[display.panel].bus) == "spi":
        found[USUAL_DC if display.pin_dc is None else display.pin_dc] = "the panel"
        found |= {display.pin_reset: "the panel", display.pin_backlight: "the panel"}
    return {pin: whose for pin, whose in found.items() if pin is not None}


def node(system: System, path: str, absent: str) -> Finding:
    """Return whether the device file at `path` is there, and the daemon may use it."""
    try:
        if system.may_use(path):
            return ok(f"{path} is there for {system.account.name}")
    except OSError:
        return fail(f"there is no {path}", absent)
    group, name = system.group_of(path), system.account.name
    fix = (
        "install likelight's udev rules (hw/udev) and start again"
        if group == "root"
        else f"`sudo usermod -aG {group} {name}`, and start again"
    )
    return fail(f"{name} may not use {path}, which is the group {group}'s", fix)


@check(
    "lgpio",
    what="lgpio is installed and opens the pins",
    why="Only lgpio drives the pins of every Pi; anything else has no PWM, or no Pi 5",
    fix="`sudo apt install python3-lgpio`, on Raspberry Pi OS, and make the venv with "
    "--system-site-packages",
)
def lgpio(system: System) -> Finding:
    if not gpio(system):
        return skip(NO_PINS)
    try:
        factory = system.open_pins()
    except HardwareError as error:
        return fail(str(error))
    kind = type(factory).__name__
    if kind != "LGPIOFactory":
        return fail(f"the pins are driven by {kind}, not by lgpio")
    return ok("lgpio opened the GPIO chip")


@check(
    "gpio-node",
    what="The daemon may use the header's GPIO chip",
    why="Without it no lamp, no on-air light and no button",
    fix="`sudo usermod -aG gpio likelight`, and `sudo systemctl restart likelight`",
)
def gpio_node(system: System) -> Finding:
    if not gpio(system):
        return skip(NO_PINS)
    try:
        chip = kernel_names.header_chip(system.at("/sys"), system.chip_label)
    except HardwareError as error:
        return fail(str(error), NO_HEADER)
    return node(system, kernel_names.device_of(chip), NO_HEADER)


@check(
    "pins-free",
    what="Nobody else holds a pin of ours",
    why="A pin has one owner: 1-Wire, a HAT or another program keeps likelight out",
    fix="Stop that program or take its overlay out of config.txt, or use another pin",
)
def pins_free(system: System) -> Finding:
    mine = gpio(system)
    if not mine:
        return skip(NO_PINS)
    try:
        holders = {pin: system.holder(pin) for pin in mine}
    except OSError as error:
        return skip(f"the kernel can't be asked: {error.strerror or error}")
    except HardwareError as error:
        return skip(str(error))
    running = bool(daemons(system))
    foreign = [
        f"GPIO {pin} ({mine[pin]}) is held by {holder}"
        for pin, holder in holders.items()
        if holder is not None and not (running and holder.startswith(OWN))
    ]
    if foreign:
        return fail("; ".join(foreign))
    return ok("held by likelight itself" if running and any(holders.values()) else "all are free")


@check(
    "pigpiod",
    what="No pigpiod runs",
    why="It drives pins past the kernel: two programs then switch the same lamp",
    fix="`sudo systemctl disable --now pigpiod`",
)
def pigpiod(system: System) -> Finding:
    if not gpio(system):
        return skip(NO_PINS)
    for name in system.root.glob("proc/[0-9]*/comm"):
        try:
            if name.read_text().strip() == "pigpiod":
                return fail(f"pigpiod runs as process {name.parent.name}")
        except OSError:
            continue
    return ok("it doesn't")


@check(
    "strict-gpiod",
    what="Pins are released when their program ends",
    why="The Pi's kernel keeps an ended program's outputs: the on-air light would stay on",
    fix="Add dtparam=strict_gpiod to /boot/firmware/config.txt and start again",
)
def strict_gpiod(system: System) -> Finding:
    if not gpio(system):
        return skip(NO_PINS)
    switched = switched_on(system)
    if switched is None:
        return skip("there is no config.txt to read here")
    if has_param(switched, "strict_gpiod"):
        return ok("dtparam=strict_gpiod is set")
    return fail("dtparam=strict_gpiod is not in config.txt")


def daemons(system: System) -> list[str]:
    """Return the numbers of the processes that are `likelight run`; a demo holds nothing real."""
    found = []
    for line in system.root.glob("proc/[0-9]*/cmdline"):
        try:
            words = [
                word.rpartition("/")[2] for word in line.read_text(errors="replace").split("\0")
            ]
        except OSError:
            continue
        # Not the sudo or the shell before it, which has the same words.
        itself = words[0].startswith("python") or words[0] == "likelight"
        if itself and "likelight" in words[:4] and "run" in words[:5]:
            found.append(line.parent.name)
    return sorted(found, key=int)


CHECKS: tuple[Check, ...] = (lgpio, gpio_node, pins_free, pigpiod, strict_gpiod)
