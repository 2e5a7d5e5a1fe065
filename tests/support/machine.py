"""A machine laid out in a directory, for the doctor: files, nodes, and whatever is not a file."""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from likelight.config.settings import Config
from likelight.fleet.doctor.system import Account, System

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
COOK = Account("cook", 424242, frozenset({424243}))
"""Owns nothing, and is in no group that a file of a test could have: "others" decides."""
MODEL = "/proc/device-tree/model"
BOOT = "/boot/firmware/config.txt"
_BUSES = {
    "i2c": ("i2c1", "bus/i2c/devices", "i2c-"),
    "spi": ("spi0", "class/spi_master", "spi"),
}
"""What the device tree calls the header's bus, and where and how the kernel lists such buses."""


def header(chip: int) -> dict[str, bytes]:
    """Return the file by which `chip` is a Pi 4's header."""
    node = f"/sys/bus/gpio/devices/gpiochip{chip}/of_node"
    return {f"{node}/compatible": b"brcm,bcm2711-gpio\0"}


class LGPIOFactory:
    """Named as the real one is."""


@dataclass(frozen=True)
class Machine:
    """What is there: `files` by path (a str is content, an int the mode of an empty file)."""

    files: Mapping[str, str | bytes | int] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str | Callable[[Sequence[str]], str]] = field(default_factory=dict)
    """What the programs that are installed print, for any words or for these."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Other fields of the `System`."""

    def system(self, root: Path, config: Config | None) -> System:
        for path, content in self.files.items():
            file = root / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, int):
                file.touch()
                file.chmod(content)
            else:
                file.write_bytes(content if isinstance(content, bytes) else content.encode())
        for path, target in self.links.items():
            link = root / path.lstrip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
        fields: dict[str, Any] = {
            "now": lambda: NOW,
            "me": COOK,
            "run": self._run,
            "open_pins": LGPIOFactory,
            "chip_label": lambda chip: f"chip {chip}",
            "holder": lambda _: None,
            "i2c_answers": lambda bus, address: address == 0x3C,
            "has_module": lambda _: True,
            "before_apt": lambda: (),
            "free_mb": lambda _: 9000,
            "kernel": lambda: "6.12.75+rpt-rpi-2712",
            "is_free": lambda host, port: True,
            "answers_as": lambda host, port: None,
            "resolve": lambda _: frozenset({int(socket.AF_INET)}),
            "handshake": lambda host, port, ca_file: None,
            "issuer_of": lambda host, port: "Own Authority",
            "ask_cloud": lambda access: None,
            "ask_upload": lambda access: None,
            **self.given,
        }
        return System(config, root=root, **fields)

    def _run(self, words: Sequence[str]) -> str:
        if words[0] not in self.commands:
            raise FileNotFoundError(words[0])
        said = self.commands[words[0]]
        return said if isinstance(said, str) else said(words)


def with_bus(
    bus: str, number: int, files: Mapping[str, str | bytes | int] | None = None
) -> Machine:
    """Return a machine with `files` and the header's bus, at 400 kHz, which has this number.

    There is another bus at each lower number.
    """
    alias, folder, prefix = _BUSES[bus]
    tree, node = "firmware/devicetree/base", f"soc/{bus}@7e804000"
    up = "../" * (folder.count("/") + 2)
    return Machine(
        files={
            f"/sys/{tree}/aliases/{alias}": f"/{node}\0",
            f"/sys/{tree}/{node}/clock-frequency": (400_000).to_bytes(4, "big"),
            **{f"/sys/{folder}/{prefix}{other}/name": "another" for other in range(number)},
            **(files or {}),
        },
        links={f"/sys/{folder}/{prefix}{number}/of_node": f"{up}{tree}/{node}"},
    )
