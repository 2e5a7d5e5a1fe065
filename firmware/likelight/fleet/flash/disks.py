"""Which of this computer's disks may be a card, as `lsblk` tells of them."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, Field, ValidationError

from likelight.fleet.flash.errors import FlashError
from likelight.fleet.flash.image import SECTOR

LARGE: Final = 200 * 10**9
"""The largest card that a shop offers for a Raspberry Pi has 128 GB; disks for backups begin at
240. A reader of cards and a backup disk both say usb, so the size is what tells them apart."""

# Without NAME the JSON is flat, and a partition's mount is not under its disk.
_COLUMNS = "NAME,PATH,TYPE,RM,HOTPLUG,RO,TRAN,VENDOR,MODEL,SERIAL,SIZE,LOG-SEC,MOUNTPOINTS"
_LONGEST_S = 30.0


class _Entry(BaseModel):
    name: str
    path: str
    type: str
    rm: bool = False
    hotplug: bool = False
    ro: bool = False
    tran: str | None = None
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    size: int = 0
    log_sec: int = Field(SECTOR, alias="log-sec")
    mountpoints: tuple[str | None, ...] = ()
    children: "tuple[_Entry, ...]" = ()


class _Entries(BaseModel):
    blockdevices: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk that may be a card. Equal ones are the same disk, as far as can be seen."""

    path: str
    model: str
    serial: str
    """Empty where it tells none; most readers tell their own, and not the card's."""
    size: int

    @property
    def name(self) -> str:
        """Return the last part of its path, such as sdb."""
        return self.path.rpartition("/")[2]

    def __str__(self) -> str:
        serial = f"serial {self.serial}" if self.serial else "no serial number"
        return f"{self.path}: {self.model}, {in_gb(self.size)}, {serial}"


def in_gb(size: int) -> str:
    """Return `size` as people know sizes of cards."""
    return f"{size / 1e9:.1f} GB"


def read_lsblk() -> str:
    """Return what `lsblk` tells of all disks, as JSON. Blocks. Raises `FlashError`."""
    try:
        return subprocess.run(  # noqa: S603
            ["lsblk", "--json", "--bytes", "--output", _COLUMNS],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            check=True,
        ).stdout
    except FileNotFoundError:
        raise FlashError("lsblk is missing: install this computer's package util-linux") from None
    except subprocess.TimeoutExpired:
        raise FlashError(
            f"lsblk has not ended within {_LONGEST_S:.0f} s: is a disk broken?"
        ) from None
    except subprocess.CalledProcessError as error:
        raise FlashError(f"lsblk failed: {error.stderr.strip()}") from error


def find_card(typed: str, lsblk: str, needed: int, *, large: bool) -> Disk:
    """Return the disk that somebody means by `typed`, a path or a link to one, where it may be a
    card for `needed` bytes; `large` is whether it may have `LARGE` bytes or more.

    Raises `FlashError` for any other disk, with why.
    """
    path = os.path.realpath(typed)
    try:
        disks = _Entries.model_validate(json.loads(lsblk)).blockdevices
    except (ValueError, ValidationError) as error:
        raise FlashError(
            "lsblk tells nothing that is understood: is it older than 2.37?"
        ) from error
    shown = typed if typed == path else f"{typed} ({path})"
    for disk in disks:
        parts = [*_parts(disk)]
        if disk.path == path:
            if why := _refusal(disk, parts, disks, needed, large=large):
                raise FlashError(f"{shown} {why}")
            model = _shown(f"{disk.vendor or ''} {disk.model or ''}") or "unknown model"
            return Disk(path, model, _shown(disk.serial or ""), disk.size)
        if any(part.path == path for part in parts):
            raise FlashError(f"{shown} is a part of a disk: name the whole disk, {disk.path}")
    raise FlashError(f"{shown} is no disk of this computer: `lsblk` lists them")


def _refusal(
    disk: _Entry, parts: list[_Entry], disks: tuple[_Entry, ...], needed: int, *, large: bool
) -> str | None:
    mounts = [place for each in (disk, *parts) for place in each.mountpoints if place]
    soldered = any(each.path == f"{disk.path}boot0" for each in disks)
    card_slot = disk.name.startswith("mmcblk") and not soldered
    if {"/", "/boot", "/boot/efi", "/usr", "/var", "/home", "[SWAP]"} & set(mounts):
        return "holds this computer's system: name the card's disk"
    if disk.type != "disk" or not (disk.rm or disk.hotplug or disk.tran == "usb" or card_slot):
        return "can't be taken out of this computer, so it is no card: name the card's disk"
    if not disk.size:
        return "has no card in it: put it in"
    if disk.ro:
        return "is write-protected: slide the card's switch, or take another reader"
    if disk.log_sec != SECTOR:
        return f"has sectors of {disk.log_sec} bytes, which no card has: name the card's disk"
    if disk.size < needed:
        return f"is too small: it has {in_gb(disk.size)}, and the image needs {in_gb(needed)}"
    if disk.size >= LARGE and not large:
        return (
            f"has {in_gb(disk.size)}, and may be a disk with somebody's backups: name the card's "
            "disk, or add --large-card"
        )
    if mounts:
        return f"is mounted at {', '.join(mounts)}: unmount it with `umount` first"
    if any(part.type != "part" for part in parts):
        return "is in use by a volume manager or by encryption: close that first"
    return None


def _shown(said: str) -> str:
    """Return what a disk says of itself, without what a terminal would obey."""
    return "".join(each for each in " ".join(said.split()) if each.isprintable())


def _parts(disk: _Entry) -> Iterator[_Entry]:
    for part in disk.children:
        yield part
        yield from _parts(part)
