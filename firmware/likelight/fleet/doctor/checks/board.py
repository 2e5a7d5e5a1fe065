"""The board itself: which it is, its power supply, its temperature."""

from likelight.contract.figures import SLOWED, THROTTLES_C, UNDERVOLTAGE
from likelight.fleet.doctor.check import Check, Finding, check, fail, ok, skip, warn
from likelight.fleet.doctor.system import System
from likelight.runtime import board_figures
from likelight_hw import boards

SINCE_BOOT = 16
"""Shifted by this, the same bits mean "has happened since the boot"."""
HOT_C = 70


def throttled(system: System) -> int | None:
    """Return the firmware's flags, or None when they can't be read."""
    flags = board_figures.throttled(system.root)
    if flags is not None:
        return flags
    try:
        return int(system.run(("vcgencmd", "get_throttled")).partition("=")[2].strip(), 16)
    except (FileNotFoundError, ValueError):
        return None


@check(
    "board",
    what="The board is the one that the configuration names",
    why="Pins, PWM and the camera's limits are chosen by that name",
    fix="Set board in likelight.toml to the board that this is",
)
def board(system: System) -> Finding:
    if system.config.board is None:
        return skip("the configuration names no board: nothing is wired")
    named = boards.board(system.config.board).name
    if system.model is None:
        return fail(f"the configuration says {named}; this is not a Raspberry Pi")
    if system.model.startswith(named):
        return ok(f"{system.model}")
    return fail(f"the configuration says {named}; this is a {system.model}")


@check(
    "simulated",
    what="The store's lamp, panel, buttons and camera are real",
    why="Without a board everything is simulated: it looks well from afar, and nothing lights up",
    fix="Set board in likelight.toml to the board that this is",
)
def simulated(system: System) -> Finding:
    if system.demo:
        return skip("the demo is simulated on purpose")
    config = system.config
    wiring = config.wiring
    drivers = {
        *(lamp.driver for lamp in wiring.lights),
        wiring.indicator.driver,
        wiring.display.driver,
        wiring.thanks.driver,
        wiring.privacy.driver,
        config.camera.driver,
    }
    if drivers == {"sim"}:
        return warn("this store is SIMULATED: no part of it is real")
    return ok(", ".join(sorted(drivers - {"sim"})))


@check(
    "power",
    what="The power supply holds its voltage",
    why="Under-voltage makes SD cards and cameras fail, without a message",
    fix="Use the official power supply (5.1 V; 27 W for a Pi 5) and a short, thick cable",
)
def power(system: System) -> Finding:
    if system.model is None:
        return skip("not a Raspberry Pi")
    flags = throttled(system)
    if flags is None:
        for alarm in system.root.glob("sys/class/hwmon/hwmon*/in0_lcrit_alarm"):
            # A HAT may watch a voltage of its own.
            if alarm.with_name("name").read_text().strip() != "rpi_volt":
                continue
            low = alarm.read_text().strip() == "1"
            return fail("the voltage is too low now") if low else ok("no alarm now")
        return skip("neither vcgencmd nor the kernel reports the voltage here")
    if flags & UNDERVOLTAGE:
        return fail("the voltage is too low now")
    if flags & UNDERVOLTAGE << SINCE_BOOT:
        return warn("the voltage was too low since the last boot")
    return ok("never too low since the last boot")


@check(
    "heat",
    what="The board is not too hot",
    why="From 80 °C on it slows down, and the picture stutters; near an oven that comes soon",
    fix="Move it away from heat, or fit a heat sink; don't close it up in a tight case",
)
def heat(system: System) -> Finding:
    flags = (throttled(system) or 0) if system.model else 0
    degrees = board_figures.temperature_c(system.root)
    temperature = "no thermometer" if degrees is None else f"{degrees:.0f} °C"
    if flags & SLOWED or (degrees or 0) >= THROTTLES_C:
        return fail(f"{temperature}: it is slowed down")
    if flags & SLOWED << SINCE_BOOT:
        return warn(f"{temperature} now, but it was slowed down since the last boot")
    if degrees is None:
        return skip("this machine has no thermometer to read")
    return warn(temperature) if degrees >= HOT_C else ok(temperature)


CHECKS: tuple[Check, ...] = (board, simulated, power, heat)
