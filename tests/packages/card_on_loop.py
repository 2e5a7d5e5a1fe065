"""A card on a loop device: the kernel's own block layer, O_DIRECT, O_EXCL and its mounts.

Only root can have one. `lsblk` is really asked; what it says of the loop device is told as a card
reader would, since a loop device can't be taken out of a computer.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from likelight.cli.flash_card import CardOptions, Machine, onto_cards
from likelight.contract.enrolment import new_code
from likelight.fleet.flash.disks import read_lsblk
from likelight.fleet.flash.errors import FlashError
from likelight.fleet.flash.orders import Order, read_orders
from support.cards import END, MB, ROOT_AT, make_image, mtools

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can have a loop device")


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "card").write_bytes(bytes(64 * MB))
    made = subprocess.run(
        ["losetup", "--find", "--show", tmp_path / "card"],
        capture_output=True,
        text=True,
        check=True,
    )
    device = Path(made.stdout.strip())
    try:
        yield device
    finally:
        subprocess.run(["losetup", "-d", device], check=True)


@pytest.fixture
def orders(tmp_path: Path) -> tuple[Order, ...]:
    stores, codes = tmp_path / "stores.csv", tmp_path / "codes.csv"
    stores.write_text("store,name,board,kit\n0421,Harbour,pi-5,cheap\n")
    codes.write_text(f"store,code\n0421,{new_code()}\n")
    return read_orders(stores, codes, "https://cloud.example", (), None)


def as_a_reader(device: Path) -> str:
    """Return what `lsblk` says, but for two words on the loop device."""
    disks = json.loads(read_lsblk())
    for disk in disks["blockdevices"]:
        if disk["path"] == str(device):
            disk |= {"type": "disk", "rm": True}
    return json.dumps(disks)


def test_a_loop_device_becomes_a_card(
    tmp_path: Path, loop: Path, orders: tuple[Order, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    image = make_image(tmp_path / "stock.img")
    options = CardOptions(str(loop), image, None, None, large=False, packages={})
    asked = []

    def ask(words: str) -> str:
        asked.append(words)
        return loop.name

    machine = Machine(lsblk=lambda: as_a_reader(loop), ask=ask)
    with pytest.raises(FlashError, match="can't be taken out of this computer"):
        onto_cards(orders, options, tmp_path, Machine(ask=ask))

    # Mounted by somebody: `lsblk` sees it, and so does the kernel where `lsblk` would not.
    subprocess.run(["mkfs.ext4", "-q", loop], check=True)
    (tmp_path / "mounted").mkdir()
    subprocess.run(["mount", loop, tmp_path / "mounted"], check=True)
    unseen = as_a_reader(loop).replace(str(tmp_path / "mounted"), "")
    try:
        with pytest.raises(FlashError, match="is mounted at"):
            onto_cards(orders, options, tmp_path, machine)
        with pytest.raises(FlashError, match="can't be opened: Device or resource busy"):
            onto_cards(orders, options, tmp_path, Machine(lsblk=lambda: unseen, ask=ask))
    finally:
        subprocess.run(["umount", tmp_path / "mounted"], check=True)
    assert asked == []

    for number in range(2):
        assert onto_cards(orders, options, tmp_path, machine) == 0
        said = capsys.readouterr().out
        assert ("In the slot is the card of 0421" in said) is (number == 1)
    card = loop.read_bytes()
    assert card[ROOT_AT:END] == image.read_bytes()[ROOT_AT:]
    assert b"systemd.run=/boot/firmware" in mtools("mtype", loop, "::cmdline.txt")
