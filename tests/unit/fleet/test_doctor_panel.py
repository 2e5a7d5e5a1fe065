"""The doctor on panels on I2C, SPI and a framebuffer."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from likelight.config.pins import pin_mistakes
from likelight.config.settings import Config
from likelight.fleet.doctor.checks import panel
from support.doctor import (
    BY_ID,
    DSI,
    KIT,
    Case,
    assert_seen,
    assert_shown,
    examine,
    raises,
    with_files,
)
from support.machine import Machine, with_bus

SPI = {"display": {"driver": "luma", "panel": "lcd-1.3", "bus": "spi"}}
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

CASES = [
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
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_sees_what_is_there(case: Case, tmp_path: Path) -> None:
    assert_seen(case, tmp_path)


def test_each_check_is_shown_well_and_ill() -> None:
    assert_shown(panel.CHECKS, CASES)


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
