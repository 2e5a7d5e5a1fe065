"""A slot with a card in it, and images for cards; a file stands in for the disk."""

import itertools
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from likelight.cli.flash_card import Machine
from likelight.fleet.flash.disks import Disk
from support.cloud import NOON

MB = 1 << 20
BOOT_AT = MB
CMDLINE = "console=tty1 root=PARTUUID=1ea7beef-02 rootwait resize\n"
ROOT_AT = 3 * MB
END = 5 * MB + 3 * 512
"""No multiple of what is written at once."""


def mtools(program: str, image: Path, *words: str, content: bytes = b"") -> bytes:
    place = f"{image}@@{BOOT_AT}"
    return subprocess.run(
        [program, "-i", place, *words], input=content, capture_output=True, check=True
    ).stdout


def make_image(image: Path, boot_files: dict[str, str] | None = None) -> Path:
    """Make a stock image of two partitions, a FAT volume of 2 MB and one with random bytes."""
    head = bytearray(512)
    sectors = (
        (0x0C, BOOT_AT // 512, 2 * MB // 512),
        (0x83, ROOT_AT // 512, (END - ROOT_AT) // 512),
    )
    for number, (kind, start, length) in enumerate(sectors):
        at = 446 + 16 * number
        head[at + 4] = kind
        head[at + 8 : at + 16] = start.to_bytes(4, "little") + length.to_bytes(4, "little")
    head[510:] = b"\x55\xaa"
    with image.open("wb") as file:
        file.truncate(END)
        file.write(head)
        file.seek(ROOT_AT)
        file.write(os.urandom(END - ROOT_AT))
    mtools("mformat", image, "-T", str(2 * MB // 512), "-h", "4", "-s", "16", "::")
    files = {"config.txt": "[all]\n", "cmdline.txt": CMDLINE, **(boot_files or {})}
    for name, content in files.items():
        mtools("mcopy", image, "-", f"::{name}", content=content.encode())
    return image


OLD_HEAD = bytes(510) + b"\x55\xaa"
"""Of a card that boots something else."""


@dataclass
class FakeDisk:
    """A disk that is a file, with the faults of bad cards."""

    file: Path
    size: int
    wraps_at: int | None = None
    """Its true size, where it is smaller than it says."""
    lost_at: int | None = None
    """Where a byte does not stay what it was."""
    fails: dict[tuple[str, int], int | type[BaseException]] = field(default_factory=dict)
    """What the nth call of a kind raises."""
    calls: list[tuple[str, int]] = field(default_factory=list)
    """Each call: its kind, and where."""

    def write(self, at: int, content: bytes) -> None:
        self._called("write", at)
        with self.file.open("r+b") as file:
            for start in range(0, len(content), 4096):
                file.seek((at + start) % (self.wraps_at or self.size))
                file.write(content[start : start + 4096])
            if self.lost_at is not None and at <= self.lost_at < at + len(content):
                file.seek(self.lost_at)
                file.write(bytes([content[self.lost_at - at] ^ 1]))

    def read(self, at: int, length: int) -> bytes:
        self._called("read", at)
        with self.file.open("rb") as file:
            file.seek(at % (self.wraps_at or self.size))
            return file.read(length)

    def sync(self) -> None:
        self._called("sync", 0)

    def _called(self, kind: str, at: int) -> None:
        self.calls.append((kind, at))
        fault = self.fails.get((kind, sum(kind == each for each, _ in self.calls)))
        if isinstance(fault, int):
            raise OSError(fault, os.strerror(fault))
        if fault is not None:
            raise fault


class Slot:
    """The computer's disks: sda is its own, sdb the slot for cards. Answers what flash asks."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "card"
        self.answers: list[str] = []
        self.asked: list[str] = []
        self.card: dict[str, object] = {}
        self.parts: list[dict[str, object]] = []
        self._numbers = itertools.count(1)
        self.others: list[dict[str, object]] = []
        self.on_ask: Callable[[], object] = lambda: None
        self.insert()

    def fail(self, call: tuple[str, int]) -> None:
        """Have somebody press Ctrl-C at a call that is still to come."""
        self.disk.fails[call] = KeyboardInterrupt

    def insert(self, size: int = 32 * MB, head: bytes = b"", **faults: object) -> None:
        """Put a card in: a new one, or one that begins with `head`."""
        self.file.unlink(missing_ok=True)
        with self.file.open("wb") as file:
            file.write(head)
            file.truncate(size)
        self.disk = FakeDisk(self.file, size, **faults)  # type: ignore[arg-type]
        self.card["size"] = size

    def lsblk(self) -> str:
        sdb: dict[str, object] = {
            "name": "sdb",
            "path": "/dev/sdb",
            "type": "disk",
            "rm": True,
            "hotplug": True,
            "ro": False,
            "tran": "usb",
            "vendor": "Generic ",
            "model": "Card Reader",
            "serial": "0042",
            "log-sec": 512,
            "mountpoints": [None],
            **self.card,
            "children": self.parts,
        }
        root = {"name": "sda1", "path": "/dev/sda1", "type": "part", "mountpoints": ["/"]}
        sda = {**sdb, "name": "sda", "path": "/dev/sda", "size": 64 * MB, "children": [root]}
        return json.dumps({"blockdevices": [sda, sdb, *self.others]})

    @contextmanager
    def opened(self, disk: Disk) -> Iterator[FakeDisk]:
        assert disk.path == self.card.get("path", "/dev/sdb")
        yield self.disk

    def ask(self, words: str) -> str:
        self.asked.append(words)
        if not self.answers:
            raise EOFError
        self.on_ask()
        return self.answers.pop(0)

    def machine(self) -> Machine:
        return Machine(
            lsblk=self.lsblk,
            opened=self.opened,
            ask=self.ask,
            now=lambda: NOON,
            seconds=lambda: 0.0,
            random=lambda length: next(self._numbers).to_bytes(length, "big"),
        )

    @property
    def boots(self) -> bool:
        """Whether a computer finds anything on the card."""
        return self.file.read_bytes()[510:512] == b"\x55\xaa"
