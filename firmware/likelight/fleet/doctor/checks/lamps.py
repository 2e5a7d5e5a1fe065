"""Lamps that the kernel drives: hardware PWM, and chains of LEDs."""

import re

from likelight.fleet.doctor.boot_config import has_param, switched_on
from likelight.fleet.doctor.check import Check, Finding, check, fail, ok, skip, warn
from likelight.fleet.doctor.checks.pins import node
from likelight.fleet.doctor.system import System

WS2812_SINCE = (6, 12, 56)
"""raspberrypi/linux #7108: the driver of kernels up to 6.12.55 has a bug."""
RULES = ("/etc/udev/rules.d/70-likelight.rules", "/usr/lib/udev/rules.d/70-likelight.rules")


@check(
    "pwm-overlay",
    what="The lamp's pin has its hardware PWM",
    why="Without the overlay the pin has no PWM, and the lamp stays dark",
    fix="Add dtoverlay=pwm,pin=PIN,func=FUNC to config.txt (hw/overlays), and start again",
)
def pwm_overlay(system: System) -> Finding:
    lamps = [lamp for lamp in system.config.wiring.lights if lamp.driver == "sysfs-pwm"]
    if not lamps:
        return skip("no lamp uses the hardware PWM")
    switched = switched_on(system) or {}
    overlays = {
        word.partition("=")[2]
        for line in switched.get("dtoverlay", [])
        if line[0] in ("pwm", "pwm-2chan")
        # The overlays' own defaults.
        for word in ("pin=18", *(("pin2=19",) if line[0] == "pwm-2chan" else ()), *line[1:])
        if word.startswith("pin")
    }
    chips = {
        (chip / "device").resolve().name: chip
        for chip in system.root.glob("sys/class/pwm/pwmchip*")
    }
    for lamp in lamps:
        wired = lamp.pwm
        if wired is None or wired.chip not in chips:
            return fail(f"there is no PWM behind GPIO {lamp.pin}")
        if switched and str(lamp.pin) not in overlays:
            return fail(f"no pwm overlay in config.txt names pin={lamp.pin}")
    return ok(f"{', '.join(f'GPIO {lamp.pin}' for lamp in lamps)} can be dimmed")


@check(
    "pwm-audio",
    what="Sound does not take the lamp's PWM",
    why="On a Zero 2 W and a 3B+ analogue sound uses the same PWM, and the lamp flickers",
    fix="Set dtparam=audio=off in config.txt and start again",
)
def pwm_audio(system: System) -> Finding:
    if not any(lamp.driver == "sysfs-pwm" for lamp in system.config.wiring.lights):
        return skip("no lamp uses the hardware PWM")
    if system.config.board not in ("zero-2w", "pi-3b-plus"):
        return skip("this board's sound has a PWM of its own")
    switched = switched_on(system)
    if switched is None:
        return skip("there is no config.txt to read here")
    if has_param(switched, "audio"):
        return fail("dtparam=audio=on is in config.txt")
    return ok("sound is off")


@check(
    "ws2812-kernel",
    what="The kernel is new enough for WS2812 chains",
    why="Up to 6.12.55 its driver has a bug (raspberrypi/linux #7108)",
    fix="`sudo apt update`, `sudo apt full-upgrade`, and start again",
)
def ws2812_kernel(system: System) -> Finding:
    if not any(lamp.driver == "ws2812-pio" for lamp in system.config.wiring.lights):
        return skip("no lamp is a WS2812 chain")
    release = system.kernel()
    numbers = tuple(int(part) for part in re.findall(r"\d+", release)[:3])
    return ok(release) if numbers >= WS2812_SINCE else fail(f"this is {release}")


@check(
    "leds-node",
    what="The daemon may use the LED chain",
    why="/dev/leds0 belongs to root unless a udev rule says otherwise",
    fix="Add dtoverlay=ws2812-pio,gpio=PIN,num_leds=N to config.txt, install the udev rules",
)
def leds_node(system: System) -> Finding:
    found = [lamp for lamp in system.config.wiring.lights if lamp.driver == "ws2812-pio"]
    if not found:
        return skip("no lamp is a WS2812 chain")
    lamp = found[0]
    seen = node(
        system,
        str(lamp.device),
        f"add dtoverlay=ws2812-pio,gpio={lamp.pin},num_leds={lamp.leds} to config.txt",
    )
    lines = (switched_on(system) or {}).get("dtoverlay", [])
    counts = {
        word.partition("=")[2]
        for line in lines
        if line[0] == "ws2812-pio"
        for word in line
        if word.startswith("num_leds=")
    }
    if seen.result == "ok" and counts and str(lamp.leds) not in counts:
        return fail(
            f"config.txt says num_leds={counts.pop()}, likelight.toml says leds = {lamp.leds}",
            "let both say how many there are",
        )
    return seen


@check(
    "udev-rules",
    what="likelight's udev rules are installed",
    why="They open the PWM, the LED chain and the panel's light to the daemon, which isn't root",
    fix="In a checkout: `sudo install -m 644 hw/udev/70-likelight.rules /etc/udev/rules.d/`; "
    "start again",
)
def udev_rules(system: System) -> Finding:
    wiring = system.config.wiring
    needed = any(lamp.driver in ("sysfs-pwm", "ws2812-pio") for lamp in wiring.lights)
    if not needed and wiring.display.driver != "framebuffer":
        return skip("nothing that is wired needs them")
    if system.text(*RULES) is not None:
        return ok("they are")
    return fail("they are not") if needed else warn("they are not: the panel can't be dimmed")


CHECKS: tuple[Check, ...] = (pwm_overlay, pwm_audio, ws2812_kernel, leds_node, udev_rules)
