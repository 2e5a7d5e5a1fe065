"""Every check of the doctor, on machines that are well and on machines that aren't."""

import json
import re
import socket
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from likelight.appreciation.sync.client import CloudBusy, DeviceRefused, FailureKind, Unreachable
from likelight.assets import catalogue, fonts
from likelight.config.pins import pin_mistakes
from likelight.config.settings import Config
from likelight.feed.upload.handshake import NotUpgraded
from likelight.fleet.doctor import doctor
from likelight.fleet.doctor.check import Check, Result, ok
from likelight.fleet.doctor.checks import CHECKS
from likelight.fleet.doctor.probes import TakenForUpload
from likelight.fleet.doctor.system import System
from likelight.gate.consent import Consent
from likelight.runtime.troubles import Trouble
from likelight.web.control.client import CommandRefused, NotRunning
from likelight.web.control.messages import HealthAnswer
from likelight_hw.ports import HardwareError
from support.machine import BOOT, COOK, MODEL, NOW, Machine, header, with_bus

DOCTOR_MD = (Path(__file__).parents[3] / "firmware" / "DOCTOR.md").read_text(encoding="utf-8")
BY_ID = {check.id: check for check in CHECKS}

KIT: dict[str, Any] = {
    "board": "pi-4",
    "lights": [{"driver": "sysfs-pwm", "pin": 12}],
    "indicator": {"driver": "onoff", "pin": 23},
    "display": {"driver": "luma", "panel": "oled-2.42", "bus": "i2c"},
    "buttons": {"driver": "gpio", "pin_thanks": 5, "pin_privacy": 6},
}
CHAIN = {"board": "pi-5", "lights": [{"driver": "ws2812-pio", "pin": 18, "leds": 30}]}
SPI = {"display": {"driver": "luma", "panel": "lcd-1.3", "bus": "spi"}}
DSI = {"display": {"driver": "framebuffer", "panel": "lcd-7"}}
SENSOR = {"camera": {"driver": "picamera2"}}
USB = {"camera": {"driver": "usb", "device": "/dev/v4l/by-id/cam"}}
NUMBERED = {"camera": {"driver": "usb", "device": "/dev/video2"}}
CLOUD = {"cloud": {"url": "https://cloud.example", "token_file": "/etc/likelight/token"}}
PLAIN = {"cloud": {"url": "http://cloud.example", "token_file": "/etc/likelight/token"}}
TOKEN: dict[str, str | bytes | int] = {"/etc/likelight/token": "s3cret"}
PI_4 = {MODEL: "Raspberry Pi 4 Model B Rev 1.5\0"}
CHIP = {"/sys/class/pwm/pwmchip0/npwm": "2"}
CHIP_LINK = {"/sys/class/pwm/pwmchip0/device": "../../../devices/fe20c000.pwm"}
OTHER_CHIP = {
    "/sys/bus/gpio/devices/gpiochip0/of_node/compatible": "nxp,pcf8574\0",
    "/dev/gpiochip0": 0o666,
}
OFF = Machine(
    files={
        "/sys/firmware/devicetree/base/aliases/i2c1": "/soc/i2c@7e804000\0",
        "/sys/firmware/devicetree/base/aliases/spi0": "/soc/spi@7e204000\0",
    }
)
HDMI = {
    "/sys/class/graphics/fb0/name": "vc4drmfb\n",
    "/sys/class/graphics/fb0/modes": "U:1920x1080p-60\n",
}
TOUCH = {
    "/sys/class/graphics/fb1/name": "drm-rp1-dsidrmf\n",
    "/sys/class/graphics/fb1/modes": "U:800x480p-60\n",
}
RULES = "/etc/udev/rules.d/70-likelight.rules"
UNIT = "/etc/systemd/system/likelight.service"
GOOD_UNIT = "[Service]\nSupplementaryGroups=gpio i2c\nWatchdogSec=30\n"
HIDES = "[Service]\nProtectHome=yes\n"
BINDS = "[Service]\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n"
LOWEST_PORT = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
AT_HOME = {"cloud": {"url": "https://cloud.example", "token_file": "/home/cook/token"}}
OWN_CA = {"cloud": {**CLOUD["cloud"], "ca_file": "/srv/ca.pem"}}
PASSWD = f"likelight:x:{COOK.uid}:{COOK.uid}::/var/lib/likelight:/usr/sbin/nologin\n"
MOUNT = "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n"
ROUTE = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
ROUTE_4 = ROUTE + "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\n"
ROUTE_6 = f"{'0' * 32} 00 {'0' * 32} 00 {'f' * 32} 400 1 0 00000003 wlan0\n"
WIRELESS = "Inter-| sta-|\n face | tus |\n wlan0: 0000   54.  {}.  -256        0\n"
LIVES = Consent(
    kitchen="kitchen", signed_by="A", notice="1", recorded_at=NOW, review=date(2027, 5, 31)
)
LIVES_ELSEWHERE = LIVES.model_copy(update={"kitchen": "bistro-7"})
SET = {"/run/systemd/timesync/synchronized": ""}
BOOT_ID = "42a84d69-af26-40d7-a747-79af9e40bf97\n"
SET_IN_THIS_BOOT = {
    "/proc/sys/kernel/random/boot_id": BOOT_ID,
    "/run/likelight/clock-set": BOOT_ID,
}
"""timesyncd was restarted with the line down, after the daemon had seen its sign."""


def raises(error: Exception) -> Any:
    def raise_it(*_: object) -> None:
        raise error

    return raise_it


def certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("bad")
    error.verify_code, error.verify_message = code, "self-signed certificate"
    return error


def signed(review: date) -> str:
    return LIVES.model_copy(update={"review": review}).model_dump_json()


@dataclass(frozen=True)
class Case:
    """A configuration on a machine, and what the check says of it."""

    id: str
    result: str
    words: str
    config: dict[str, Any]
    machine: Machine = Machine()  # noqa: RUF009  it is frozen


def with_files(files: dict[str, Any], **given: Any) -> Machine:
    return Machine(files=files, given=given)


def asked(answer: Any, files: dict[str, Any] | None = None) -> Machine:
    """Return a machine whose daemon is asked, and answers by `answer`."""
    return with_files(files or {}, socket=Path("/run/likelight/control.sock"), ask_daemon=answer)


def says(files: dict[str, Any] | None = None, **health: Any) -> Machine:
    """Return a machine whose daemon says that it is well, but for `health`."""
    well = {"kitchen": "kitchen", "cloud": "connected", "troubles": [], "hardware": {}}
    camera = {"camera_reason": None, "camera_code": None}
    answer = HealthAnswer.model_validate({**well, **camera, **health})
    return asked(lambda _: answer, files)


RUNS = "ActiveState=active\nSubState=running\nResult=success\nExecMainStatus=0\n"
DOWN = "ActiveState=failed\nSubState=failed\nResult=exit-code\nExecMainStatus=2\nNRestarts=0\n"


def unit_says(
    shown: str, error: str = "the port is taken\n", restarts: int = 0, *, journal: bool = True
) -> Machine:
    """Return a machine with the service, of which systemctl and the journal say this."""

    def journalctl(words: Sequence[str]) -> str:
        if "err" in words:
            return error
        if "MESSAGE_ID=5eb03494b6584870a536b337290809b3" in words:
            assert {"--since=-24h", "UNIT=likelight.service", "_PID=1"} <= set(words)
            return '{"N_RESTARTS": "9"}\n' * restarts
        return '{"MESSAGE": "Started"}\n' if journal else ""

    return Machine({UNIT: GOOD_UNIT}, commands={"systemctl": shown, "journalctl": journalctl})


CASES = [
    Case("configuration", "ok", "none", {}),
    Case("configuration", "fail", "line 3", {}, with_files({}, mistakes="line 3: web.prt: no")),
    Case("configuration", "skip", "the demo", {}, with_files({}, demo=True)),
    Case("board", "skip", "names no board", {}),
    Case("board", "ok", "Pi 4 Model B", KIT, with_files({**PI_4})),
    Case("board", "fail", "this is a Raspberry Pi 5", KIT, with_files({MODEL: "Raspberry Pi 5"})),
    Case("board", "fail", "not a Raspberry Pi", KIT),
    Case("simulated", "warn", "this store is SIMULATED", {}),
    Case("simulated", "skip", "on purpose", {}, with_files({}, demo=True)),
    Case("simulated", "ok", "luma", KIT),
    Case("simulated", "ok", "picamera2", SENSOR),
    Case("power", "skip", "not a Raspberry Pi", {}),
    Case("power", "skip", "neither", {}, with_files({**PI_4})),
    Case(
        "power",
        "ok",
        "never",
        {},
        Machine({**PI_4}, commands={"vcgencmd": "throttled=0x0\n"}),
    ),
    Case("power", "fail", "now", {}, Machine({**PI_4}, commands={"vcgencmd": "throttled=0x1"})),
    Case(
        "power", "warn", "since", {}, Machine({**PI_4}, commands={"vcgencmd": "throttled=0x50000"})
    ),
    Case(
        "power",
        "fail",
        "now",
        {},
        with_files(
            {
                **PI_4,
                "/sys/class/hwmon/hwmon1/name": "rpi_volt\n",
                "/sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n",
            }
        ),
    ),
    Case(
        "power",
        "ok",
        "no alarm",
        {},
        with_files(
            {
                **PI_4,
                "/sys/class/hwmon/hwmon0/name": "ina226\n",
                "/sys/class/hwmon/hwmon0/in0_lcrit_alarm": "1\n",
                "/sys/class/hwmon/hwmon1/name": "rpi_volt\n",
                "/sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
                "/sys/class/hwmon/hwmon2/name": "ina226\n",
                "/sys/class/hwmon/hwmon2/in0_lcrit_alarm": "1\n",
            }
        ),
    ),
    Case("heat", "skip", "no thermometer", {}),
    Case("heat", "ok", "41 °C", {}, with_files({"/sys/class/thermal/thermal_zone0/temp": "41234"})),
    Case("heat", "warn", "72", {}, with_files({"/sys/class/thermal/thermal_zone0/temp": "72000"})),
    Case("heat", "fail", "81", {}, with_files({"/sys/class/thermal/thermal_zone0/temp": "81000"})),
    Case(
        "heat",
        "ok",
        "41 °C",
        {},
        with_files(
            {
                "/sys/class/thermal/thermal_zone0/type": "nvme\n",
                "/sys/class/thermal/thermal_zone0/temp": "85000",
                "/sys/class/thermal/thermal_zone10/type": "cpu-thermal\n",
                "/sys/class/thermal/thermal_zone10/temp": "41234",
            }
        ),
    ),
    Case("heat", "fail", "slowed", {}, Machine({**PI_4}, commands={"vcgencmd": "throttled=0x4"})),
    Case(
        "heat", "warn", "since", {}, Machine({**PI_4}, commands={"vcgencmd": "throttled=0x80000"})
    ),
    Case("lgpio", "skip", "nothing on a GPIO pin", {}),
    Case("lgpio", "ok", "opened", KIT),
    Case(
        "lgpio",
        "fail",
        "lgpio is missing",
        KIT,
        with_files({}, open_pins=raises(HardwareError("the GPIO pins: lgpio is missing"))),
    ),
    Case("lgpio", "fail", "not by lgpio", KIT, with_files({}, open_pins=object)),
    Case("gpio-node", "skip", "nothing", {}),
    Case("gpio-node", "ok", "cook", KIT, with_files({**header(0), "/dev/gpiochip0": 0o666})),
    Case(
        "gpio-node",
        "ok",
        "/dev/gpiochip11 is there",
        KIT,
        with_files({**header(11), **OTHER_CHIP, "/dev/gpiochip11": 0o666}),
    ),
    Case(
        "gpio-node",
        "ok",
        "/dev/gpiochip3 is there",
        KIT,
        with_files(
            {f"/sys/bus/gpio/devices/gpiochip{chip}/dev": "254:0\n" for chip in (0, 3)}
            | {"/dev/gpiochip3": 0o666},
            chip_label=lambda chip: "pinctrl-rp1" if chip == 3 else "pcf8574",
        ),
    ),
    Case(
        "gpio-node",
        "fail",
        "may not use /dev/gpiochip11",
        KIT,
        with_files({**header(11), "/dev/gpiochip0": 0o666, "/dev/gpiochip11": 0o660}),
    ),
    Case("gpio-node", "fail", "there is no /dev/gpiochip11", KIT, with_files({**header(11)})),
    Case("gpio-node", "fail", "gpiochip0 is nxp,pcf8574", KIT, with_files({**OTHER_CHIP})),
    Case("gpio-node", "fail", "more than one", KIT, with_files({**header(0), **header(11)})),
    Case("gpio-node", "fail", "this machine has none", KIT),
    Case("pins-free", "skip", "nothing", {}),
    Case("pins-free", "skip", "can't be asked", KIT, with_files({}, holder=raises(OSError("x")))),
    Case(
        "pins-free",
        "skip",
        "no GPIO chip",
        KIT,
        with_files({}, holder=raises(HardwareError("no GPIO chip is a Raspberry Pi's header"))),
    ),
    Case("pins-free", "ok", "free", KIT),
    Case(
        "pins-free",
        "fail",
        "GPIO 23 (the on-air light) is held by w1",
        KIT,
        with_files({}, holder=lambda pin: "w1" if pin == 23 else None),
    ),
    Case("pins-free", "fail", "held by lg", KIT, with_files({}, holder=lambda _: "lg")),
    Case(
        "pins-free",
        "ok",
        "itself",
        KIT,
        with_files({"/proc/7/cmdline": "/opt/bin/likelight\0run\0"}, holder=lambda _: "lg"),
    ),
    Case("pigpiod", "skip", "nothing", {}),
    Case("pigpiod", "ok", "doesn't", KIT, with_files({"/proc/1/comm": "systemd\n"})),
    Case("pigpiod", "fail", "process 77", KIT, with_files({"/proc/77/comm": "pigpiod\n"})),
    Case("strict-gpiod", "skip", "nothing", {}),
    Case("strict-gpiod", "skip", "no config.txt", KIT),
    Case("strict-gpiod", "ok", "set", KIT, with_files({BOOT: "[all]\ndtparam=strict_gpiod\n"})),
    Case("strict-gpiod", "ok", "set", KIT, with_files({BOOT: "dtparam=i2c_arm=on,strict_gpiod\n"})),
    Case("strict-gpiod", "fail", "not in", KIT, with_files({BOOT: "#dtparam=strict_gpiod\n"})),
    Case(
        "strict-gpiod", "fail", "not in", KIT, with_files({BOOT: "[pi5]\ndtparam=strict_gpiod\n"})
    ),
    Case("pwm-overlay", "skip", "no lamp", {}),
    Case(
        "pwm-overlay",
        "ok",
        "GPIO 12",
        KIT,
        Machine({**CHIP, BOOT: "dtoverlay=pwm,pin=12,func=4\n"}, CHIP_LINK),
    ),
    Case("pwm-overlay", "fail", "no PWM behind GPIO 12", KIT, with_files({**CHIP})),
    Case(
        "pwm-overlay",
        "fail",
        "names pin=12",
        KIT,
        Machine({**CHIP, BOOT: "dtoverlay=pwm-2chan\n"}, CHIP_LINK),
    ),
    Case("pwm-audio", "skip", "no lamp", {}),
    Case("pwm-audio", "skip", "of its own", KIT),
    Case(
        "pwm-audio",
        "ok",
        "off",
        {**KIT, "board": "zero-2w"},
        with_files({BOOT: "dtparam=audio=off\n"}),
    ),
    Case(
        "pwm-audio",
        "fail",
        "audio=on",
        {**KIT, "board": "zero-2w"},
        with_files({BOOT: "dtparam=audio=on\n"}),
    ),
    Case("ws2812-kernel", "skip", "no lamp", {}),
    Case("ws2812-kernel", "ok", "6.12.75", CHAIN),
    Case("ws2812-kernel", "fail", "6.12.55", CHAIN, with_files({}, kernel=lambda: "6.12.55-v8")),
    Case("ws2812-kernel", "fail", "6.6.31", CHAIN, with_files({}, kernel=lambda: "6.6.31+rpt")),
    Case("leds-node", "skip", "no lamp", {}),
    Case("leds-node", "ok", "/dev/leds0", CHAIN, with_files({"/dev/leds0": 0o666})),
    Case("leds-node", "fail", "may not", CHAIN, with_files({"/dev/leds0": 0o600})),
    Case("leds-node", "fail", "there is no", CHAIN),
    Case(
        "leds-node",
        "fail",
        "num_leds=60",
        CHAIN,
        with_files(
            {"/dev/leds0": 0o666, BOOT: "[pi5]\ndtoverlay=ws2812-pio,gpio=18,num_leds=60\n"}
        ),
    ),
    Case("udev-rules", "skip", "nothing", {}),
    Case("udev-rules", "ok", "they are", KIT, with_files({RULES: "#"})),
    Case("udev-rules", "fail", "they are not", KIT),
    Case("udev-rules", "warn", "can't be dimmed", DSI),
    Case(
        "framebuffer-size",
        "ok",
        "800 x 480",
        DSI,
        with_files(
            {
                "/sys/class/graphics/fb0/virtual_size": "800,960\n",
                "/sys/class/graphics/fb0/modes": "U:800x480p-60\n",
            }
        ),
    ),
    Case("panel-library", "skip", "needs none", {}),
    Case("panel-library", "ok", "smbus2", KIT),
    Case(
        "panel-library",
        "fail",
        "spidev",
        SPI,
        with_files({}, has_module=lambda name: name != "spidev"),
    ),
    Case(
        "panel-library",
        "fail",
        "luma.core",
        KIT,
        with_files({}, has_module=raises(ModuleNotFoundError("luma"))),
    ),
    Case("i2c-node", "skip", "no panel", {}),
    Case("i2c-node", "ok", "/dev/i2c-1", KIT, with_bus("i2c", 1, {"/dev/i2c-1": 0o666})),
    Case(
        "i2c-node",
        "ok",
        "/dev/i2c-11",
        KIT,
        with_bus("i2c", 11, {"/dev/i2c-1": 0o600, "/dev/i2c-11": 0o666}),
    ),
    Case(
        "i2c-node",
        "ok",
        "/dev/i2c-5",
        {"display": {**KIT["display"], "port": 5}},
        with_bus("i2c", 11, {"/dev/i2c-5": 0o666}),
    ),
    Case("i2c-node", "fail", "there is no /dev/i2c-11", KIT, with_bus("i2c", 11)),
    Case(
        "i2c-node",
        "warn",
        "/dev/i2c-1 is there for cook; the device tree does not name",
        KIT,
        with_files({"/dev/i2c-1": 0o666}),
    ),
    Case("i2c-node", "fail", "there is no /dev/i2c-1", KIT),
    Case("i2c-node", "fail", "I2C bus is off", KIT, OFF),
    Case("i2c-panel", "skip", "see i2c-node", KIT, OFF),
    Case("i2c-speed", "skip", "doesn't report", KIT, OFF),
    Case("spi-node", "fail", "SPI bus is off", SPI, OFF),
    Case("i2c-panel", "skip", "no panel", {}),
    Case(
        "i2c-panel",
        "skip",
        "can't be asked",
        KIT,
        with_files({}, i2c_answers=raises(OSError(2, "no bus"))),
    ),
    Case("i2c-panel", "ok", "0x3c", KIT),
    Case(
        "i2c-panel",
        "fail",
        "on the bus: 0x3d",
        KIT,
        with_files({}, i2c_answers=lambda bus, address: address == 0x3D),
    ),
    Case("i2c-panel", "fail", "nor anywhere", KIT, with_files({}, i2c_answers=lambda *_: False)),
    Case("i2c-speed", "skip", "no panel", {}),
    Case("i2c-speed", "skip", "doesn't report", KIT),
    Case(
        "i2c-speed",
        "ok",
        "400 kHz",
        KIT,
        with_bus("i2c", 3),
    ),
    Case(
        "i2c-speed",
        "warn",
        "100 kHz",
        KIT,
        with_files(
            {"/sys/bus/i2c/devices/i2c-1/of_node/clock-frequency": (100_000).to_bytes(4, "big")}
        ),
    ),
    Case("spi-node", "skip", "no panel", {}),
    Case("spi-node", "ok", "spidev0.0", SPI, with_bus("spi", 0, {"/dev/spidev0.0": 0o666})),
    Case("spi-node", "ok", "spidev10.0", SPI, with_bus("spi", 10, {"/dev/spidev10.0": 0o666})),
    Case("spi-node", "warn", "does not name", SPI, with_files({"/dev/spidev0.0": 0o666})),
    Case("spi-node", "fail", "spidev0.0", SPI),
    Case("framebuffer-node", "skip", "no panel", {}),
    Case("framebuffer-node", "ok", "/dev/fb0", DSI, with_files({**HDMI, "/dev/fb0": 0o666})),
    Case("framebuffer-node", "fail", "there is no /dev/fb0", DSI, with_files(HDMI)),
    Case("framebuffer-node", "fail", "no framebuffer; is the panel's cable in", DSI),
    Case(
        "framebuffer-node",
        "ok",
        "/dev/fb1",
        DSI,
        with_files({**HDMI, **TOUCH, "/dev/fb0": 0o600, "/dev/fb1": 0o666}),
    ),
    Case(
        "framebuffer-node",
        "ok",
        "/dev/fb0",
        {"display": {**DSI["display"], "device": "/dev/fb0"}},
        with_files({**HDMI, **TOUCH, "/dev/fb0": 0o666}),
    ),
    Case(
        "framebuffer-node",
        "warn",
        "fb0 is vc4drmfb with 1920 x 1080 pixels",
        {"display": {"driver": "framebuffer", "panel": "lcd-7-hd"}},
        with_files({**HDMI, **TOUCH, "/dev/fb0": 0o666}),
    ),
    Case("framebuffer-size", "skip", "no panel", {}),
    Case("framebuffer-size", "skip", "see framebuffer-node", DSI),
    Case(
        "framebuffer-size",
        "skip",
        "doesn't report",
        DSI,
        with_files({"/sys/class/graphics/fb0/name": "vc4drmfb\n"}),
    ),
    Case("framebuffer-size", "ok", "800 x 480", DSI, with_files({**HDMI, **TOUCH})),
    Case(
        "framebuffer-size",
        "ok",
        "800 x 480",
        DSI,
        with_files({"/sys/class/graphics/fb0/virtual_size": "800,480\n"}),
    ),
    Case(
        "framebuffer-size",
        "warn",
        "1920 x 1080",
        DSI,
        with_files({"/sys/class/graphics/fb0/virtual_size": "1920,1080\n"}),
    ),
    Case("camera-library", "skip", "neither", {}),
    Case("camera-library", "ok", "both", SENSOR),
    Case(
        "camera-library",
        "fail",
        "libcamera",
        SENSOR,
        with_files({}, has_module=lambda name: name != "libcamera"),
    ),
    Case("camera-present", "skip", "simulated", {}),
    Case(
        "camera-present",
        "ok",
        "imx708",
        SENSOR,
        Machine(
            commands={"rpicam-hello": "Available cameras\n-----\n0 : imx708 [4608x2592] (/base)\n"}
        ),
    ),
    Case(
        "camera-present",
        "fail",
        "no camera",
        SENSOR,
        Machine(commands={"rpicam-hello": "No cameras available!\n"}),
    ),
    Case("camera-present", "warn", "/dev/media*", SENSOR, with_files({"/dev/media0": ""})),
    Case("camera-present", "fail", "no /dev/media*", SENSOR),
    Case("camera-present", "ok", "by-id/cam", USB, with_files({"/dev/v4l/by-id/cam": 0o666})),
    Case("camera-present", "fail", "by-id/cam", USB),
    Case(
        "camera-present",
        "warn",
        "may be another camera",
        NUMBERED,
        with_files({"/dev/video2": 0o666}),
    ),
    Case("camera-present", "fail", "there is no /dev/video2", NUMBERED),
    Case("camera-memory", "skip", "none", {}),
    Case("camera-memory", "skip", "doesn't report", SENSOR),
    Case(
        "camera-memory",
        "ok",
        "256 MiB",
        SENSOR,
        with_files({"/proc/meminfo": "CmaTotal:  262144 kB\n"}),
    ),
    Case(
        "camera-memory",
        "warn",
        "16 MiB",
        SENSOR,
        with_files({"/proc/meminfo": "CmaTotal:  16384 kB\n"}),
    ),
    Case("consent", "skip", "simulated", {}),
    Case("consent", "fail", "none is recorded", SENSOR),
    Case(
        "consent",
        "ok",
        "2027-05-31",
        SENSOR,
        with_files({**SET, "/state/consent.json": signed(LIVES.review)}),
    ),
    Case(
        "consent",
        "warn",
        "9 more days",
        SENSOR,
        with_files({**SET, "/state/consent.json": signed(date(2026, 12, 1))}),
    ),
    Case(
        "consent",
        "fail",
        "has passed",
        SENSOR,
        with_files({**SET, "/state/consent.json": signed(date(2026, 11, 21))}),
    ),
    Case(
        "consent",
        "fail",
        "clock",
        SENSOR,
        with_files({"/state/consent.json": signed(LIVES.review)}),
    ),
    Case(
        "consent",
        "fail",
        "recorded for bistro-7, and is void here",
        SENSOR,
        with_files({**SET, "/state/consent.json": LIVES_ELSEWHERE.model_dump_json()}),
    ),
    Case("consent", "fail", "damaged", SENSOR, with_files({"/state/consent.json": "{"})),
    Case("notes", "ok", "notes in de", {"kitchen": {"language": "de"}}),
    Case("notes", "fail", "no folder /nowhere", {"kitchen": {"catalogue": "/nowhere"}}),
    Case("clock", "skip", "depends", {}),
    Case("clock", "ok", "since", SENSOR, with_files({**SET})),
    Case("clock", "ok", "since", SENSOR, with_files({**SET_IN_THIS_BOOT})),
    Case(
        "clock", "warn", "not by systemd-timesyncd", {}, Machine(commands={"timedatectl": "yes\n"})
    ),
    Case("clock", "fail", "not since", CLOUD, Machine(commands={"timedatectl": "no\n"})),
    Case("time-zone", "skip", "no hours", {}),
    Case("time-zone", "ok", "Europe/Berlin", {"kitchen": {"timezone": "Europe/Berlin"}}),
    Case("time-zone", "warn", "UTC", {"quiet": {"hours": "22:00-06:30"}}),
    Case(
        "time-zone",
        "ok",
        "Asia/Tokyo",
        {"schedule": {"monday": "11:00-23:00"}},
        Machine(links={"/etc/localtime": "/usr/share/zoneinfo/Asia/Tokyo"}),
    ),
    Case("state-lasts", "skip", "doesn't report", {}),
    Case("state-lasts", "ok", "ext4", {}, with_files({"/proc/mounts": MOUNT})),
    Case(
        "state-lasts",
        "fail",
        "read-only",
        {},
        with_files({"/proc/mounts": MOUNT.replace("rw", "ro")}),
    ),
    Case(
        "state-lasts",
        "warn",
        "forgotten",
        {},
        with_files({"/proc/mounts": MOUNT + "tmpfs /state tmpfs rw 0 0\n"}),
    ),
    Case(
        "state-lasts",
        "fail",
        "overlay",
        {},
        with_files({**PI_4, "/proc/mounts": "overlay / overlay rw 0 0\n"}),
    ),
    Case("disk-space", "ok", "9000", {}),
    Case("disk-space", "warn", "400", {}, with_files({}, free_mb=lambda _: 400)),
    Case("disk-space", "fail", "99", {}, with_files({}, free_mb=lambda _: 99)),
    Case("disk-health", "skip", "doesn't report", {}),
    Case(
        "disk-health",
        "ok",
        "none",
        {},
        with_files(
            {
                "/proc/mounts": MOUNT,
                "/sys/fs/ext4/mmcblk0p2/errors_count": "0\n",
                "/sys/fs/ext4/sda1/errors_count": "9\n",
                "/sys/block/mmcblk10/device/life_time": "0x0b 0x0b\n",
            }
        ),
    ),
    Case(
        "disk-health",
        "fail",
        "3 errors",
        {},
        with_files({"/proc/mounts": MOUNT, "/sys/fs/ext4/mmcblk0p2/errors_count": "3\n"}),
    ),
    Case(
        "disk-health",
        "fail",
        "sda1",
        {},
        with_files(
            {
                "/proc/mounts": MOUNT + "/dev/sda1 /state ext4 rw 0 0\n",
                "/sys/fs/ext4/sda1/errors_count": "2\n",
            }
        ),
    ),
    Case(
        "disk-health",
        "warn",
        "mmcblk0",
        {},
        with_files({"/proc/mounts": MOUNT, "/sys/block/mmcblk0/device/life_time": "0x01 0x0b\n"}),
    ),
    Case("service", "skip", "not installed", {}),
    Case("service", "skip", "no systemctl", {}, with_files({UNIT: GOOD_UNIT})),
    Case("service", "skip", "can't be asked", {}, unit_says("Failed to connect to bus")),
    Case(
        "service",
        "ok",
        "3 times in the last day",
        {},
        unit_says(f"{RUNS}NRestarts=9\n", restarts=3),
    ),
    Case("service", "warn", "4 times in the last day: the port", {}, unit_says(RUNS, restarts=4)),
    Case(
        "service",
        "warn",
        "journal can't be read",
        {},
        unit_says(f"{RUNS}NRestarts=4\n", journal=False),
    ),
    Case(
        "service",
        "ok",
        "can't be read",
        {},
        Machine({UNIT: GOOD_UNIT}, commands={"systemctl": RUNS}),
    ),
    Case("service", "fail", "status 2: the port is", {}, unit_says(DOWN)),
    Case(
        "service",
        "fail",
        "no journalctl",
        {},
        Machine({UNIT: GOOD_UNIT}, commands={"systemctl": DOWN}),
    ),
    Case("service", "fail", "try it with sudo", {}, unit_says(DOWN, error="")),
    Case("service-groups", "skip", "not installed", {}),
    Case(
        "service-groups",
        "ok",
        "gpio i2c",
        {},
        with_files({UNIT: GOOD_UNIT, "/etc/group": "gpio:x:1:\ni2c:x:2:\n"}),
    ),
    Case(
        "service-groups",
        "fail",
        "missing: i2c",
        {},
        with_files({UNIT: GOOD_UNIT, "/etc/group": "gpio:x:1:\n"}),
    ),
    Case("one-daemon", "skip", "simulated", {}),
    Case(
        "one-daemon",
        "ok",
        "process 7",
        KIT,
        with_files({"/proc/7/cmdline": "python\0/opt/bin/likelight\0run\0"}),
    ),
    Case(
        "one-daemon",
        "fail",
        "7 and 12",
        KIT,
        with_files(
            {
                "/proc/7/cmdline": "python\0/opt/bin/likelight\0run\0",
                "/proc/12/cmdline": "python3.13\0-m\0likelight\0run\0",
                "/proc/13/cmdline": "vi\0/etc/likelight/run\0",
                "/proc/14/cmdline": "sudo\0likelight\0run\0",
                "/proc/15/cmdline": "python\0-m\0likelight\0demo\0",
            }
        ),
    ),
    Case("state-owner", "skip", "not installed", {}),
    Case("state-owner", "skip", "nothing is kept", {}, with_files({UNIT: GOOD_UNIT})),
    Case(
        "state-owner",
        "fail",
        "somebody else than likelight",
        {},
        with_files({UNIT: GOOD_UNIT, "/etc/passwd": PASSWD, "/state/lock": ""}),
    ),
    Case("watchdog-service", "skip", "not installed", {}),
    Case("watchdog-service", "ok", "30 s", {}, with_files({UNIT: GOOD_UNIT})),
    Case("watchdog-service", "fail", "no WatchdogSec", {}, with_files({UNIT: "[Service]\n"})),
    Case("watchdog-board", "skip", "not a Raspberry Pi", {}),
    Case(
        "watchdog-board",
        "ok",
        "15 s",
        {},
        with_files(
            {
                **PI_4,
                "/sys/class/watchdog/watchdog0/state": "active\n",
                "/sys/class/watchdog/watchdog0/timeout": "15\n",
            }
        ),
    ),
    Case(
        "watchdog-board",
        "fail",
        "not armed",
        {},
        with_files({**PI_4, "/sys/class/watchdog/watchdog0/state": "inactive\n"}),
    ),
    Case("watchdog-board", "fail", "no hardware", {}, with_files({**PI_4})),
    Case("port", "ok", "free", {}),
    Case("port", "fail", "something else", {}, with_files({}, is_free=lambda *_: False)),
    Case(
        "port",
        "ok",
        "for the kitchen store-1",
        {},
        with_files({}, is_free=lambda *_: False, answers_as=lambda *_: "store-1"),
    ),
    Case(
        "port",
        "fail",
        "can't listen",
        {},
        with_files({}, is_free=raises(OSError(99, "no address"))),
    ),
    Case("secret-files", "skip", "no file", {}),
    Case("secret-files", "fail", "can't be looked at", CLOUD),
    Case(
        "secret-files", "fail", "read by others", CLOUD, with_files({"/etc/likelight/token": 0o644})
    ),
    Case(
        "secret-files",
        "fail",
        "cook can't read",
        CLOUD,
        with_files({"/etc/likelight/token": 0o600}),
    ),
    Case(
        "secret-files",
        "ok",
        "token",
        CLOUD,
        with_files({"/etc/likelight/token": 0o600}, me=replace(COOK, uid=0)),
    ),
    Case(
        "secret-files",
        "fail",
        "likelight can't read /etc/likelight/token",
        CLOUD,
        with_files({UNIT: GOOD_UNIT, "/etc/passwd": PASSWD, **TOKEN}, me=replace(COOK, uid=0)),
    ),
    Case(
        "secret-files",
        "fail",
        "sees nothing of /home",
        AT_HOME,
        with_files({UNIT: HIDES, "/home/cook/token": 0o600}),
    ),
    Case("named-files", "skip", "names none", {}),
    Case("named-files", "ok", "/srv/ca.pem", OWN_CA, with_files({"/srv/ca.pem": 0o644})),
    Case("named-files", "fail", "can't be looked at", OWN_CA),
    Case(
        "named-files",
        "fail",
        "cook can't read /srv/ca.pem",
        OWN_CA,
        with_files({"/srv/ca.pem": 0o640}),
    ),
    Case("port", "fail", "below 9000 to root only", {}, with_files({LOWEST_PORT: "9000\n"})),
    Case("port", "ok", "free", {}, with_files({LOWEST_PORT: "9000\n", UNIT: BINDS})),
    Case("boot-secrets", "skip", "not a Raspberry Pi", {}),
    Case(
        "boot-secrets",
        "ok",
        "none",
        {},
        with_files({**PI_4, "/boot/firmware/user-data": "# password: no\n"}),
    ),
    Case(
        "boot-secrets",
        "warn",
        "network-config",
        {},
        with_files({**PI_4, "/boot/firmware/network-config": 'password: "hunter2"\n'}),
    ),
    Case("daemon", "skip", "no daemon is asked", {}),
    Case("daemon", "skip", "see service", {}, asked(raises(NotRunning("no")))),
    Case("daemon", "fail", "within 5 s", {}, asked(raises(CommandRefused("within 5 s")))),
    Case("daemon", "ok", "cloud connected", {}, says()),
    Case("daemon", "ok", "cloud starting", {}, says(cloud="starting")),
    Case("daemon", "fail", "another device uses", {}, says(cloud="superseded")),
    Case("daemon", "fail", "refuses this device", {}, says(cloud="refused")),
    Case("daemon", "fail", "not answered", {}, says(cloud="offline")),
    Case("daemon", "fail", "lamp: no /dev/leds0", {}, says(hardware={"lamp": "no /dev/leds0"})),
    Case("daemon", "fail", "newer-trouble", {}, says(troubles=["newer-trouble"])),
    Case("daemon", "warn", "no camera", {}, says(camera_reason="no camera", camera_code="camera")),
    Case("cloud", "fail", "another device", CLOUD, says({**TOKEN}, cloud="superseded")),
    Case("cloud", "ok", "kitchen", CLOUD, says({**TOKEN})),
    Case("route", "skip", "inside", {}),
    Case("route", "skip", "doesn't report", CLOUD),
    Case("route", "ok", "IPv4 by eth0", CLOUD, with_files({"/proc/net/route": ROUTE_4})),
    Case(
        "route",
        "ok",
        "IPv6 by wlan0",
        CLOUD,
        with_files({"/proc/net/route": ROUTE, "/proc/net/ipv6_route": ROUTE_6}),
    ),
    Case("route", "fail", "no default", CLOUD, with_files({"/proc/net/route": ROUTE})),
    Case("wifi-signal", "skip", "no Wi-Fi", {}),
    Case(
        "wifi-signal", "ok", "-56 dBm", {}, with_files({"/proc/net/wireless": WIRELESS.format(-56)})
    ),
    Case(
        "wifi-signal",
        "warn",
        "-82 dBm",
        {},
        with_files({"/proc/net/wireless": WIRELESS.format(-82)}),
    ),
    Case("wifi-power-save", "skip", "no Wi-Fi", {}),
    Case(
        "wifi-power-save",
        "skip",
        "no iw",
        {},
        with_files({"/proc/net/wireless": WIRELESS.format(-56)}),
    ),
    Case(
        "wifi-power-save",
        "ok",
        "awake",
        {},
        Machine({"/proc/net/wireless": WIRELESS.format(-56)}, commands={"iw": "Power save: off\n"}),
    ),
    Case(
        "wifi-power-save",
        "warn",
        "saves power",
        {},
        Machine({"/proc/net/wireless": WIRELESS.format(-56)}, commands={"iw": "Power save: on\n"}),
    ),
    Case("dns", "skip", "inside", {}),
    Case("dns", "ok", "cloud.example", CLOUD, with_files({"/proc/net/route": ROUTE_4})),
    Case(
        "dns",
        "fail",
        "not known",
        CLOUD,
        with_files({}, resolve=raises(socket.gaierror(-2, "Name or service not known"))),
    ),
    Case(
        "dns",
        "fail",
        "IPv6 only",
        CLOUD,
        with_files({"/proc/net/route": ROUTE, "/proc/net/ipv6_route": ROUTE_6}),
    ),
    Case("tls", "skip", "inside", {}),
    Case("tls", "ok", "cloud.example", CLOUD),
    Case("tls", "warn", "unencrypted", PLAIN),
    Case("tls", "fail", "not valid yet", CLOUD, with_files({}, handshake=raises(certificate(9)))),
    Case("tls", "fail", "was refused", CLOUD, with_files({}, handshake=raises(certificate(23)))),
    Case(
        "tls",
        "fail",
        "can't be reached",
        CLOUD,
        with_files({}, handshake=raises(TimeoutError("timed out"))),
    ),
    Case("cloud", "skip", "inside", {}),
    Case("cloud", "fail", "can't read", CLOUD),
    Case("cloud", "ok", "kitchen", CLOUD, with_files({**TOKEN})),
    Case(
        "cloud",
        "fail",
        "refuses this device",
        CLOUD,
        with_files({**TOKEN}, ask_cloud=raises(DeviceRefused(401))),
    ),
    Case(
        "cloud",
        "fail",
        "no cloud",
        CLOUD,
        with_files(
            {**TOKEN}, ask_cloud=raises(Unreachable("log-in page", FailureKind.INTERCEPTED))
        ),
    ),
    Case("cloud", "warn", "busy", CLOUD, with_files({**TOKEN}, ask_cloud=raises(CloudBusy(5)))),
    Case("upload", "skip", "inside", {}),
    Case("upload", "fail", "can't read", CLOUD),
    Case("upload", "ok", "gets through", CLOUD, with_files({**TOKEN})),
    *(
        Case(
            "upload",
            "fail",
            f"a proxy in between lets no WebSocket through (status {status})",
            CLOUD,
            with_files({**TOKEN}, ask_upload=raises(NotUpgraded(status, None))),
        )
        for status in (200, 400, 426)
    ),
    Case(
        "upload",
        "warn",
        "took the question for an upload",
        CLOUD,
        with_files({**TOKEN}, ask_upload=raises(TakenForUpload())),
    ),
    Case(
        "upload",
        "fail",
        "something else answered with status 403",
        CLOUD,
        with_files({**TOKEN}, ask_upload=raises(NotUpgraded(403, None))),
    ),
    Case(
        "upload",
        "fail",
        "no answer",
        CLOUD,
        with_files({**TOKEN}, ask_upload=raises(Unreachable("no answer within 5 s"))),
    ),
]
ELSEWHERE = {"shaping", "fonts", "state-owner"}
"""What needs more than files and functions; each has a test of its own."""


def test_a_proxy_that_blocks_websockets_has_its_own_fix(tmp_path: Path) -> None:
    blocked = with_files({**TOKEN}, ask_upload=raises(NotUpgraded(426, None)))
    diagnosis = examine(BY_ID["upload"], Case("upload", "", "", CLOUD, blocked), tmp_path)
    assert diagnosis.finding.fix == "let the proxy pass Upgrade and Connection headers"


def examine(check: Check, case: Case, root: Path) -> doctor.Diagnosis:
    config = Config.model_validate({"state_dir": "/state", **case.config})
    token = root / "etc/likelight/token"
    system = case.machine.system(root, config)
    if token.exists() and token.stat().st_size:
        token.chmod(0o600)
    return doctor.examine(system, [check], timeout_s=20)[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}-{case.result}")
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    diagnosis = examine(BY_ID[case.id], case, tmp_path)
    assert diagnosis.finding.result == case.result, diagnosis.finding
    assert case.words in diagnosis.finding.words
    assert bool(diagnosis.fix) == (case.result in ("warn", "fail"))


def test_without_a_configuration_the_checks_that_need_none_go_on(tmp_path: Path) -> None:
    files = {**PI_4, UNIT: GOOD_UNIT, "/proc/device-tree/model": "Raspberry Pi 4 Model B"}
    machine = with_files(files, mistakes="line 3: web.prt: no")
    found = {
        diagnosis.check.id: diagnosis.finding
        for diagnosis in doctor.examine(machine.system(tmp_path, None), CHECKS, timeout_s=20)
    }
    assert found["configuration"].result == "fail"
    assert (found["board"].result, found["board"].words) == (
        "skip",
        "it needs the configuration, which has a mistake",
    )
    looked_at = {id for id, finding in found.items() if finding.result != "skip"}
    assert {"fonts", "service-groups", "watchdog-service", "boot-secrets"} <= looked_at
    assert not [id for id, finding in found.items() if "the check failed" in finding.words]


def test_every_check_is_shown_well_and_ill() -> None:
    for check in CHECKS:
        results = {case.result for case in CASES if case.id == check.id}
        if check.id not in ELSEWHERE:
            assert "ok" in results, check.id
            assert results & {"warn", "fail"}, check.id
    assert {case.id for case in CASES} | ELSEWHERE == set(BY_ID)


@pytest.mark.parametrize("trouble", list(Trouble))
def test_each_trouble_of_the_daemon_has_words_and_a_fix_of_its_own(
    trouble: Trouble, tmp_path: Path
) -> None:
    case = Case("daemon", "", "", {}, says(troubles=[trouble.value], cloud="connected"))
    found = examine(BY_ID["daemon"], case, tmp_path)
    assert found.finding.result == "fail"
    assert found.finding.words != trouble.value, "a bare id says nothing to a person"
    assert found.fix


def test_a_device_without_a_token_is_not_also_told_that_it_is_offline(tmp_path: Path) -> None:
    case = Case("daemon", "", "", {}, says(troubles=["not-paired"], cloud="offline"))
    found = examine(BY_ID["daemon"], case, tmp_path)
    assert "not paired" in found.finding.words
    assert "90 s" not in found.finding.words


def test_arabic_needs_shaping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arabic = Case("shaping", "", "", {"kitchen": {"language": "ar"}})
    for there, result in ((True, "ok"), (False, "fail")):
        monkeypatch.setattr(
            "likelight.fleet.doctor.checks.languages.shaping_available", lambda t=there: t
        )
        assert examine(BY_ID["shaping"], arabic, tmp_path).finding.result == result
    english = replace(arabic, config={})
    assert examine(BY_ID["shaping"], english, tmp_path).finding.result == "skip"


def test_damaged_assets_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("fonts", "", "", {})
    assert examine(BY_ID["fonts"], case, tmp_path).finding.result == "ok"
    monkeypatch.setattr(fonts, "TROUBLE", ("Bold.ttf can't be used",))
    assert examine(BY_ID["fonts"], case, tmp_path).finding.result == "fail"
    monkeypatch.setattr(catalogue, "TROUBLE", ("de.json is not valid JSON",))
    found = examine(BY_ID["notes"], case, tmp_path)
    assert "de.json" in found.finding.words
    assert "again" in (found.fix or "")


@pytest.mark.parametrize(
    ("id", "config", "node", "fix"),
    [
        ("i2c-node", KIT, "/dev/i2c-1", "set display.port = 1 in likelight.toml"),
        ("spi-node", SPI, "/dev/spidev0.0", "set display.port = 0 in likelight.toml"),
    ],
)
def test_what_the_doctor_doubts_a_setting_that_is_allowed_settles(
    id: str, config: dict[str, Any], node: str, fix: str, tmp_path: Path
) -> None:
    case = Case(id, "", "", {"board": "pi-4", **config}, with_files({node: 0o666}))
    assert examine(BY_ID[id], case, tmp_path / "doubted").fix == fix
    settled = {**case.config["display"], "port": int(fix.split()[3])}
    case = replace(case, config={**case.config, "display": settled})
    assert not pin_mistakes(Config.model_validate(case.config))
    assert examine(BY_ID[id], case, tmp_path / "settled").finding.result == "ok"


def test_a_numbered_camera_is_told_the_name_that_lasts(tmp_path: Path) -> None:
    machine = Machine(
        files={"/dev/video0": 0o666, "/dev/video2": 0o666},
        links={
            "/dev/v4l/by-id/usb-A-index0": "../../video0",
            "/dev/v4l/by-id/usb-B-index0": "../../video2",
            "/dev/v4l/by-path/usb-0:1-index0": "../../video2",
        },
    )
    found = examine(BY_ID["camera-present"], Case("", "", "", NUMBERED, machine), tmp_path)
    assert found.fix == 'set camera.device = "/dev/v4l/by-id/usb-B-index0"'


def test_a_service_that_owns_what_it_keeps(tmp_path: Path) -> None:
    me = (tmp_path / "x").mkdir() or (tmp_path / "x").stat().st_uid
    passwd = f"likelight:x:{me}:{me}::/:/bin/false\n"
    machine = with_files({UNIT: GOOD_UNIT, "/etc/passwd": passwd, "/state/lock": ""})
    found = examine(BY_ID["state-owner"], Case("state-owner", "", "", {}, machine), tmp_path)
    assert found.finding.result == "ok"


def test_the_services_groups_open_a_node(tmp_path: Path) -> None:
    group = tmp_path.stat().st_gid
    machine = with_files(
        {
            UNIT: GOOD_UNIT,
            "/etc/passwd": PASSWD,
            "/etc/group": f"gpio:x:{group}:\n",
            **header(12),
            "/dev/gpiochip12": 0o660,
        }
    )
    case = Case("gpio-node", "", "", KIT, machine)
    assert examine(BY_ID["gpio-node"], case, tmp_path).finding.words.endswith("for likelight")


def test_a_folder_that_the_service_may_not_enter_is_named(tmp_path: Path) -> None:
    machine = with_files({UNIT: GOOD_UNIT, "/etc/passwd": PASSWD, "/srv/brand/ca.pem": 0o644})
    system = machine.system(
        tmp_path, Config.model_validate({"state_dir": "/state", **OWN_CA_BELOW})
    )
    (tmp_path / "srv/brand").chmod(0o700)
    found = BY_ID["named-files"].look(system)
    assert "likelight can't read /srv/brand/ca.pem: it may not enter /srv/brand" in found.words
    assert found.fix == "`sudo chmod a+x /srv/brand`"


OWN_CA_BELOW = {"cloud": {**CLOUD["cloud"], "ca_file": "/srv/brand/ca.pem"}}


def test_what_hangs_is_given_up_and_what_breaks_is_reported(tmp_path: Path) -> None:
    forever = threading.Event()
    system = Machine().system(tmp_path, Config(state_dir=Path("/state")))

    def hang(_: System) -> Any:
        forever.wait()

    def deny(_: System) -> Any:
        raise PermissionError(13, "no", "/dev/secret")

    looks = {"well": lambda _: ok("fine"), "hung": hang, "broken": raises(KeyError("x"))}
    checks = [Check(id, "what", "why", "fix", look) for id, look in looks.items()]
    checks.append(Check("denied", "what", "why", "fix", deny))
    found = {one.check.id: one.finding for one in doctor.examine(system, checks, timeout_s=1)}
    forever.set()
    assert found["well"].result is Result.OK
    assert found["hung"].words == "no answer within 1 s"
    assert found["broken"].words == "the check failed: KeyError: 'x'"
    assert found["denied"].result is Result.SKIP
    assert "sudo" in found["denied"].words


def test_what_is_reported_to_people_and_programs(tmp_path: Path) -> None:
    system = Machine().system(tmp_path, Config.model_validate({"state_dir": "/state", **KIT}))
    found = doctor.examine(system, CHECKS, timeout_s=20)
    told = doctor.to_text(found, everything=False)
    assert "FAIL  gpio-node" in told
    assert "fix: use a Raspberry Pi" in told
    assert re.search(r"\d+ checks do not apply here; --all shows why", told)
    assert "tls " not in told
    assert "tls " in doctor.to_text(found, everything=True)
    for_programs = json.loads(json.dumps(doctor.to_json(system, found)))
    assert for_programs["result"] == "fail"
    assert [one["id"] for one in for_programs["checks"]] == [check.id for check in CHECKS]


def test_no_check_tells_the_token(tmp_path: Path) -> None:
    case = Case("cloud", "", "", CLOUD, with_files({**TOKEN}))
    for check in CHECKS:
        diagnosis = examine(check, case, tmp_path)
        assert "s3cret" not in json.dumps(diagnosis.to_json())


def test_the_guide_has_a_row_for_every_check() -> None:
    rows = [row for row in DOCTOR_MD.splitlines() if row.startswith("| `")]
    assert rows == [
        f"| `{check.id}` | {check.what} | {check.why} | {check.fix} |" for check in CHECKS
    ]
    assert len(BY_ID) == len(CHECKS)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.id) for check in CHECKS)
