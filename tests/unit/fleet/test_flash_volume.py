"""`likelight flash --volume`: onto which folder a seed is put, and what then stands there.

A folder stands in for the mounted FAT volume; no card, no Windows and no macOS has seen it.
"""

import os
from pathlib import Path

import pytest

from likelight.cli.main import main
from likelight.contract.enrolment import new_code
from likelight.fleet.flash.volume import volume_path
from likelight.fleet.seed.seed import USER_DATA
from support.small_disk import fill

CMDLINE = "console=serial0,115200 console=tty1 root=PARTUUID=1ea7beef-02 rootwait resize"
WORDS = (
    "systemd.run=/boot/firmware/likelight/first-boot.sh systemd.run_success_action=none "
    "systemd.run_failure_action=none systemd.unit=multi-user.target "
    "systemd.wants=kernel-command-line.service"
)
STOCK_USER_DATA = b"#cloud-config\n\n#hostname: raspberrypi\nssh_pwauth: false\n"
SECRET = "open-sesame"


class Card:
    """The boot volume of a stock image, and the lists of an office."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys
        self.volume = folder / "bootfs"
        self.volume.mkdir()
        (self.volume / "config.txt").write_text("[all]\n")
        (self.volume / "cmdline.txt").write_text(f"{CMDLINE}\n")
        (self.volume / "user-data").write_bytes(STOCK_USER_DATA)
        (self.volume / "meta-data").write_text("dsmode: local\ninstance_id: rpios-image\n")
        (folder / "stores.csv").write_text(
            "store,name,country,board,kit,ssid,security,passphrase\n"
            f"0421,Harbour,DE,pi-5,reference,Kitchen,wpa2,{SECRET}\n0422,Port,,pi-5,cheap,,,\n"
        )
        codes = "".join(f"{kid},{new_code()}\n" for kid in ("0421", "0422"))
        (folder / "codes.csv").write_text(f"store,code\n{codes}")

    def flash(self, *options: str, volume: Path | None = None) -> tuple[int, str]:
        files = ("--stores", self._folder / "stores.csv", "--codes", self._folder / "codes.csv")
        words = ("flash", *files, "--cloud", "https://cloud.example", *options)
        code = main([str(word) for word in (*words, "--volume", volume or self.volume)])
        return code, "".join(self._capsys.readouterr())

    def names(self) -> set[str]:
        found = self.volume.rglob("*")
        return {str(each.relative_to(self.volume)) for each in found if each.is_file()}

    def cmdline(self) -> str:
        return (self.volume / "cmdline.txt").read_bytes().decode()


@pytest.fixture
def card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Card:
    return Card(tmp_path, capsys)


def test_a_seed_and_the_words_are_put_onto_a_stock_volume(card: Card) -> None:
    before = card.names()
    packages = card.volume.parent / "debs"
    packages.mkdir()
    (packages / "likelight.deb").write_bytes(b"!<arch>\ndebian-binary")
    code, said = card.flash("--store", "0421", "--packages", str(packages))
    assert (code, "has the seed of 0421, and was read again. Eject the card." in said) == (0, True)
    assert card.names() - before == {
        "likelight.txt",
        "likelight/first-boot.sh",
        "likelight/network.nmconnection",
        "likelight/packages/likelight.deb",
    }
    assert card.cmdline() == f"{CMDLINE} {WORDS}\n", "one line, what was there stays first"
    assert (card.volume / "user-data").read_bytes() == STOCK_USER_DATA
    assert b"store = 0421\r\n" in (card.volume / "likelight.txt").read_bytes()

    # The same again, and another store's: never the words twice, nothing of the first one's left.
    old = card.volume.parent / "old"
    os.link(card.volume / "likelight" / "network.nmconnection", old)
    (packages / "likelight.deb").rename(packages / "newer.deb")
    assert card.flash("--store", "0421", "--packages", str(packages))[0] == 0
    assert card.flash("--store", "0422")[0] == 0
    assert [name for name in card.names() if "packages" in name] == ["likelight/packages/newer.deb"]
    assert card.cmdline() == f"{CMDLINE} {WORDS}\n"
    assert b"store = 0422\r\n" in (card.volume / "likelight.txt").read_bytes()
    assert "likelight/network.nmconnection" not in card.names(), "0422 has a cable"
    assert old.read_bytes().strip(b"\0") == b"", "overwritten in place, before it was removed"


def test_a_seed_that_explorer_copied_does_not_start_the_script_twice(card: Card) -> None:
    (card.volume / "user-data").write_bytes(USER_DATA)
    assert card.flash("--store", "0421")[0] == 0
    assert (card.volume / "user-data").read_bytes() == b"#cloud-config\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("firstrun.sh", "#!/bin/bash\n"),
        ("custom.toml", ""),
        ("rpi-preseed.toml", ""),
        ("userconf.txt", "me:$6$x\n"),
        ("cmdline.txt", f"{CMDLINE} systemd.run=/boot/firstrun.sh\n"),
        ("cmdline.txt", f"{CMDLINE} systemd.run_failure_action=reboot\n"),
        ("cmdline.txt", f"{CMDLINE} ds=nocloud;i=rpi-imager-1764500000000\n"),
        ("meta-data", "instance-id: rpi-imager-1764500000000\n"),
        ("user-data", "#cloud-config\nhostname: store\n"),
        ("network-config", "version: 2\nwifis:\n  wlan0: {}\n"),
    ],
)
def test_a_card_with_settings_of_imager_s_is_named_and_left_as_it_is(
    card: Card, name: str, content: str
) -> None:
    (card.volume / name).write_text(content)
    before = card.names()
    code, said = card.flash("--store", "0421")
    assert (code, f"{card.volume / name} has settings of Raspberry Pi Imager's own" in said) == (
        1,
        True,
    )
    assert ("choose No" in said, card.names()) == (True, before)
    assert (card.volume / name).read_text() == content


def test_what_is_no_boot_volume_is_refused(card: Card, tmp_path: Path) -> None:
    code, said = card.flash("--store", "0421", volume=tmp_path)
    assert (code, "is not the boot volume of a Raspberry Pi: it has no config.txt" in said) == (
        1,
        True,
    )
    for content in ("", "console=tty1\n", "root=\xff\n"):
        (card.volume / "cmdline.txt").write_bytes(content.encode("latin-1"))
        code, said = card.flash("--store", "0421")
        assert (code, "is damaged: write the image onto the card again" in said) == (1, True)
    assert "likelight.txt" not in card.names()


def test_one_card_is_one_store_s(card: Card) -> None:
    for options in ((), ("--store", "0421", "--store", "0422")):
        code, said = card.flash(*options)
        assert (code, "this is one device's: name its store" in said) == (2, True)


def test_a_full_volume_is_said_and_the_card_boots_as_it_came(card: Card, small_disk: Path) -> None:
    full = small_disk / "bootfs"
    card.volume.rename(small_disk.parent / "stock")
    full.mkdir()
    for file in (small_disk.parent / "stock").iterdir():
        (full / file.name).write_bytes(file.read_bytes())
    fill(small_disk)
    code, said = card.flash("--store", "0421", volume=full)
    assert (code, "can't be written: No space left on device" in said) == (1, True)
    assert (full / "cmdline.txt").read_text() == f"{CMDLINE}\n"


def test_a_drive_s_letter_is_the_whole_drive() -> None:
    assert str(volume_path("E:")) == "E:\\"
    assert volume_path("/Volumes/bootfs") == Path("/Volumes/bootfs")
