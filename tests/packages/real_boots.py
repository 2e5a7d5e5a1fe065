"""A store's first boots in systemd-nspawn, with the seed that `likelight flash` has written.

Real are systemd, cloud-init, NetworkManager, apt and dpkg of Debian 13 (trixie), our packages, the
units and their sandboxes, DHCP, DNS, TLS, the cloud. There is no Raspberry Pi, no kernel of its
own, no FAT and no radio: a folder is the boot volume, a cable carries all, and lamp, panel, buttons
and lights are simulated. Building packages and the tree takes minutes: this is of the long run.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from likelight.fleet.stores.codes import read_codes
from support.debian_tree import debian_tree, packages_of_last_commit
from support.nspawn import AUTHORITIES, CLOUD, LATER_CLOUD, Device, Disk, Shop, open_shop, until

# What the first boot meets on Raspberry Pi OS Lite of trixie, and what our packages depend on.
IN_THE_TREE = (
    *("systemd-sysv", "systemd-timesyncd", "udev", "dbus", "kmod", "iproute2", "netbase", "procps"),
    *("sudo", "ca-certificates", "tzdata", "network-manager", "netplan.io", "cloud-init"),
    *("libfribidi0", "python3-spidev", "python3-pil"),
)
STORES = ("harbour", "unplugged", "early", "small", "used")
SSID, PASSPHRASE = "Kitchen", "correct horse"
# Of the stock image, what stands on its boot volume and counts at the first boot.
ON_THE_VOLUME = {
    "config.txt": "[all]\n",
    "cmdline.txt": "console=tty1 root=PARTUUID=1ea7beef-02 rootwait resize\n",
    "meta-data": "dsmode: local\ninstance_id: rpios-image\n",
    "network-config": "#\n",
    "user-data": "#cloud-config\n",
}
# And in its root: no machine-id yet, Wi-Fi off, and where cloud-init looks.
IN_THE_ROOT = {
    "boot/firmware/.keep": "",
    "etc/machine-id": "",
    "etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg": (
        "datasource_list: [NoCloud, None]\n"
        'datasource: {NoCloud: {seedfrom: "file:///boot/firmware"}}\n'
    ),
    "usr/lib/netplan/00-network-manager-all.yaml": (
        "network: {version: 2, renderer: NetworkManager}\n"
    ),
    "var/lib/NetworkManager/NetworkManager.state": "[main]\nWirelessEnabled=false\n",
}
DOCTOR = "likelight doctor"
ASK_DAEMON = """
import socket
daemon = socket.socket(socket.AF_UNIX)
daemon.connect("/run/likelight/control.sock")
daemon.sendall(b"GET /status HTTP/1.0\\r\\n\\r\\n")
print(daemon.makefile().read())
"""

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a tree"),
    pytest.mark.timeout(1800),
]


class Store:
    """A cloud with the stores of a list, their seeds, and devices for them."""

    def __init__(self, shop: Shop, packages: Path, layers: tuple[Path, ...]) -> None:
        self.shop = shop
        self.codes = read_codes(shop.work / "codes.csv")
        self._packages = packages
        self._layers = layers

    def card(self, store: str, cloud: str = CLOUD) -> Path:
        """Return a boot volume after Imager has written the image, and Explorer the seed's files
        onto it. Its text is changed as Notepad does it: without a board all is simulated."""
        card = self.shop.work / "cards" / store
        card.mkdir(parents=True)
        for name, content in ON_THE_VOLUME.items():
            (card / name).write_text(content)
        shutil.copytree(self.shop.work / "seeds" / store, card, dirs_exist_ok=True)
        shutil.copytree(self._packages, card / "likelight/packages", copy_function=os.link)
        text = card / "likelight.txt"
        lines = re.sub("(board|kit) = .*\n", "", text.read_text())
        text.write_text(lines.replace(CLOUD, cloud), newline="\r\n")
        return card

    def disk(self, room: str = "1g") -> Disk:
        """Return a new device's disk, with `room` on it besides the image's own files."""
        return self.shop.disk(room, self._layers)

    def disk_on(self, block_device: str) -> Disk:
        """The same, on the ext4 of a block device."""
        return self.shop.disk_on(block_device, self._layers)


@contextmanager
def open_store(work: Path, packages: Path) -> Iterator[Store]:
    """Build the packages of the last commit into `packages`, and open a shop for them in `work`."""
    packages_of_last_commit(packages)
    tree = debian_tree("trixie", IN_THE_TREE)
    _write_seeds(work)
    with open_shop(work) as shop:
        database = f"--database={work / 'cloud.sqlite3'}"
        options = ("--public-url", CLOUD, "--trusted-proxy", "127.0.0.1", database)
        shop.start("cloud", sys.executable, "-m", "likelight_cloud", "serve", *options)
        patient = ("--retry", "90", "--retry-delay", "1", "--retry-connrefused")
        shop.run("curl", "-sS", "--fail", *patient, "http://127.0.0.1:8090/healthz")
        yield Store(shop, packages, (_stock_image(work), tree))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("shop"), tmp_path_factory.mktemp("packages")) as store:
        yield store


def test_a_seed_becomes_a_store_s_device_without_a_hand(store: Store) -> None:
    card, disk = store.card("harbour"), store.disk()
    code = store.codes["harbour"]
    key = hashlib.pbkdf2_hmac("sha1", PASSPHRASE.encode(), SSID.encode(), 4096, 32).hex()
    assert key in (card / "likelight/network.nmconnection").read_text()

    with store.shop.boots(disk, card) as device:
        assert device.has_booted() == "running"
        log = (card / "likelight/first-boot.log").read_text()
        assert log.endswith("done\n"), log
        device.until(DOCTOR, "it answers for harbour")
        sent = json.loads(
            store.shop.asks(
                "/v1/kitchens/harbour/notes",
                *("-d", '{"code": "heroes"}', "-H", "Content-Type: application/json"),
                *("-H", "Idempotency-Key: 1", "-H", "Sec-Fetch-Site: same-origin"),
            )
        )
        until(lambda: store.shop.asks(f"/v1/notes/{sent['id']}"), '"state":"shown"')
        _is_in_its_sandbox(device)

        assert (card / "user-data").read_bytes().count(b"\n  - ") == 1
        assert "code was taken over" in (card / "likelight.txt").read_text()
        device.run("sync")
        for secret in (code, code.replace("-", ""), PASSPHRASE):
            assert disk.files_with(secret) == []
            assert _on(card, secret) == []
        (profile,) = disk.files_with(key)
        assert profile == "/etc/NetworkManager/system-connections/likelight.nmconnection"
        assert _on(card, key) == []

    with store.shop.boots(disk, card) as device:
        assert device.has_booted() == "running"
        assert "disabled-by-marker-file" in device.run("cloud-init status --long", check=False)
        device.until(DOCTOR, "it answers for harbour")
        assert (card / "likelight/first-boot.log").read_text() == log


def test_without_a_network_it_says_so_and_waits(store: Store) -> None:
    card, disk = store.card("unplugged"), store.disk()
    with store.shop.boots(disk, card, cable=False) as device:
        device.has_booted()
        device.until(DOCTOR, "N5: no cable is plugged in, and no Wi-Fi is set")
        _is_safe(device)
        store.shop.run("ip", "link", "set", "lan", "up")
        device.until(DOCTOR, "it answers for unplugged")


def test_a_clock_that_no_certificate_is_valid_for_is_told(store: Store) -> None:
    card, disk = store.card("early", LATER_CLOUD), store.disk()
    with store.shop.boots(disk, card) as device:
        device.has_booted()
        device.until(DOCTOR, "T1: with this time no certificate is valid")
        _is_safe(device)
        device.run("test -s /etc/likelight/enrolment-code")


def test_a_code_that_another_device_has_used_is_told_and_asked_no_more(store: Store) -> None:
    other = {"serial": "1", "sw": "1"}
    asked = {"code": store.codes["used"], "token_sha256": "a" * 64, "device": other}
    content = ("-H", "Content-Type: application/json")
    store.shop.asks("/v1/enrol", "-d", json.dumps(asked), *content)
    card, disk = store.card("used"), store.disk()
    with store.shop.boots(disk, card) as device:
        device.has_booted()
        device.until(DOCTOR, "C6: another device has used the code of this card")
        device.until(DOCTOR, "it waits until an operator confirms its code")
        _is_safe(device)
        assert "failed" in device.run("systemctl is-failed likelight-enrol")
        device.run("test ! -e /etc/likelight/enrolment-code")


def test_a_full_disk_is_told_and_mended_at_the_next_boot(store: Store) -> None:
    card, disk = store.card("small"), store.disk("60m")
    log = card / "likelight/first-boot.log"
    with store.shop.boots(disk, card) as device:
        device.has_booted()
        assert "No space left on device" in log.read_text()
        assert log.read_text().endswith("install_packages failed; the next boot tries again\n")
        assert store.codes["small"] in (card / "likelight.txt").read_text()
    disk.has_room("1g")
    with store.shop.boots(disk, card) as device:
        assert device.has_booted() == "running"
        assert log.read_text().endswith("done\n")
        device.until(DOCTOR, "it answers for small")
        device.run("systemctl stop likelight; sync")
        disk.is_full()
    with store.shop.boots(disk, card) as device:
        device.has_booted()
        device.until(DOCTOR, "the disk is full, and nothing can be stored")
        device.until(DOCTOR, "it answers for small")
        _is_safe(device)


def _write_seeds(work: Path) -> None:
    """Do what FLASH.md tells the IT of many stores."""
    head = "store,name,board,kit,country,ssid,security"
    rows = [head, *(f"{kid},Harbour,pi-5,cheap,DE,{SSID},wpa2" for kid in STORES)]
    (work / "cloud.csv").write_text("\n".join(rows) + "\n")
    secret = ("passphrase", *(PASSPHRASE for _ in STORES))
    lines = [f"{row},{cell}" for row, cell in zip(rows, secret, strict=True)]
    (work / "stores.csv").write_text("\n".join(lines) + "\n")
    database = f"--database={work / 'cloud.sqlite3'}"
    codes = f"--codes={work / 'codes.csv'}"
    for command in (
        ("likelight_cloud", "init", database),
        ("likelight_cloud", "kitchen", "import", f"{work / 'cloud.csv'}", codes, database),
        (
            *("likelight", "flash", f"--stores={work / 'stores.csv'}", codes),
            *(f"--cloud={CLOUD}", f"--seeds={work / 'seeds'}"),
        ),
    ):
        subprocess.run([sys.executable, "-m", *command], check=True)


def _stock_image(work: Path) -> Path:
    """Return what makes a tree of Debian a stock image, as far as the first boot looks, and trusts
    the authorities of this test."""
    factory = work / "factory"
    for path, content in IN_THE_ROOT.items():
        (factory / path).parent.mkdir(parents=True, exist_ok=True)
        (factory / path).write_text(content)
    certificates = factory / "etc/ssl/certs"
    certificates.mkdir(parents=True)
    for number, authority in enumerate(AUTHORITIES):
        file = work / authority / "ca.pem"
        hashed = subprocess.check_output(
            ["openssl", "x509", "-hash", "-noout", "-in", file], text=True
        )
        shutil.copy(file, certificates / f"{hashed.strip()}.{number}")
    return factory


def _is_in_its_sandbox(device: Device) -> None:
    """The daemon is nobody's root, as its unit wants it; systemd 257 counts 1.5 of 10."""
    status = device.run("cat /proc/$(systemctl show -P MainPID likelight)/status")
    held = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert held["Uid"].split()[0] != "0"
    assert {int(held[f"Cap{of}"], 16) for of in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {0}
    assert (held["NoNewPrivs"], held["Seccomp"]) == ("1", "2")
    device.run("systemd-analyze security --no-pager --threshold=15 likelight.service")


def _is_safe(device: Device) -> None:
    """The daemon runs as it was started, and no picture can leave the kitchen."""
    said = device.run("systemctl is-active likelight; systemctl show -P NRestarts likelight")
    assert said.split() == ["active", "0"]
    assert '"state":"off"' in device.run(f"python3 -c '{ASK_DAEMON}'")


def _on(card: Path, secret: str) -> list[str]:
    """Return the files of a boot volume that have `secret` in them, but for the packages."""
    files = (file for file in card.rglob("*") if file.is_file() and file.suffix != ".deb")
    return [str(file.relative_to(card)) for file in files if secret.encode() in file.read_bytes()]
