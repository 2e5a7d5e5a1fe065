"""The script of the first boot, in a folder that stands in for a device.

All programs that it calls but the shell's own are stand-ins that note how they were called. No
device, no NetworkManager and no FAT volume has seen it here.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from likelight.contract.enrolment import new_code
from likelight.fleet.seed.seed import seed_of
from likelight.fleet.stores.details import Details
from likelight.fleet.stores.network import Network, Security, Wifi
from likelight.fleet.stores.rows import StoreRow

STAND_IN = '#!/bin/sh\necho "${0##*/} $*" >> "$CALLED"\n[ ! -e "$CALLED.${0##*/}.fails" ]\n'
CMDLINE = "console=tty1 root=PARTUUID=1-02 rootwait\n"
WORDS = (
    "systemd.run=/boot/firmware/likelight/first-boot.sh systemd.run_success_action=none "
    "systemd.run_failure_action=none systemd.unit=multi-user.target "
    "systemd.wants=kernel-command-line.service"
)
STORE = StoreRow(
    "0421",
    "Harbour",
    Details(country="DE", board="pi-5", kit="reference"),
    {},
    Network(Wifi(b"Kitchen", Security.WPA2, "correct horse")),
)


class Device:
    """A device's folders, with a seed on its boot volume."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.boot = root / "boot" / "firmware"
        self.seed = self.boot / "likelight"
        self.profile = root / "etc/NetworkManager/system-connections/likelight.nmconnection"
        self.again = root / "etc/systemd/system/multi-user.target.wants"
        self.tools = root / "tools"
        self.called = root / "called"
        for path, content in seed_of(STORE, "https://cloud.example", new_code()).files.items():
            (self.boot / path).parent.mkdir(parents=True, exist_ok=True)
            (self.boot / path).write_bytes(content)
        (self.boot / "cmdline.txt").write_text(CMDLINE)
        (root / "etc" / "cloud").mkdir(parents=True)
        self.tools.mkdir()
        for name in ("apt-get", "dpkg", "likelight", "nmcli", "raspi-config", "systemctl"):
            (self.tools / name).write_text(STAND_IN)
            (self.tools / name).chmod(0o755)

    def boots(self) -> int:
        """Run the script; return its exit code."""
        shell = shutil.which("dash") or "sh"
        environment = {
            "ROOT": str(self.root),
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "CALLED": str(self.called),
        }
        script = self.seed / "first-boot.sh"
        return subprocess.run([shell, script], env=environment, timeout=100, check=False).returncode

    def fails(self, tool: str, fails: bool) -> None:
        marker = self.root / f"called.{tool}.fails"
        marker.touch() if fails else marker.unlink()

    @property
    def calls(self) -> str:
        return self.called.read_text()

    @property
    def log(self) -> str:
        return (self.seed / "first-boot.log").read_text()


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


def test_it_takes_the_network_and_ends_cloud_init(device: Device) -> None:
    profile = (device.seed / "network.nmconnection").read_bytes()
    assert device.boots() == 0
    assert device.profile.read_bytes() == profile
    assert device.profile.stat().st_mode & 0o777 == 0o600
    assert not (device.seed / "network.nmconnection").exists()
    assert (device.root / "etc/cloud/cloud-init.disabled").exists()
    calls = device.calls.splitlines()
    country = calls.index("raspi-config nonint do_wifi_country DE")
    assert calls[country + 1] == "systemctl start NetworkManager.service", "nmcli needs it"
    assert calls[country + 2] == "nmcli radio wifi on"
    assert "nmcli --wait 0 connection up likelight-wifi\n" in device.calls
    assert "no packages are in" in device.log
    assert not list(device.again.iterdir()), "nothing asks for another run"
    assert (device.boot / "cmdline.txt").read_text() == CMDLINE
    secrets = profile.decode().split("psk=")[1].split()[0]
    assert secrets not in device.log


def test_from_then_on_the_package_s_units_read_the_volume_and_enrol(device: Device) -> None:
    device.fails("likelight", True)
    assert device.boots() == 0, "a mistake in likelight.txt is mended later"
    assert "likelight.txt waits until its mistake is mended" in device.log
    calls = device.calls.splitlines()
    assert f"likelight boot-volume {device.boot}" in calls
    assert "systemctl enable likelight-boot-volume.service likelight-enrol.service" in calls
    assert "systemctl start --no-block likelight-wifi.timer" in calls
    assert calls[-1] == "systemctl start --no-block likelight-enrol.service"


def test_it_installs_the_packages_beside_it_without_a_network(device: Device) -> None:
    packages = device.seed / "packages"
    packages.mkdir()
    for name in ("likelight.deb", "._likelight.deb"):
        (packages / name).touch()
    device.fails("dpkg", True)
    assert device.boots() == 0, "apt ends what a full disk has cut short, where dpkg alone can't"
    installed = next(line for line in device.calls.splitlines() if line.startswith("apt-get"))
    told = f" --fix-broken install {packages}/likelight.deb"
    assert installed.endswith(told), "not what macOS leaves there"
    assert "-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/dev/null" in installed


def test_what_failed_is_done_again_at_the_next_boot(device: Device) -> None:
    (device.seed / "packages").mkdir()
    (device.seed / "packages/likelight.deb").touch()
    device.fails("apt-get", True)
    assert device.boots() == 1
    assert "install_packages failed; the next boot tries again" in device.log
    assert (device.again / "likelight-first-boot.service").resolve().is_file()
    assert not (device.root / "etc/cloud/cloud-init.disabled").exists()
    device.fails("apt-get", False)
    assert device.boots() == 0
    assert device.profile.exists()
    assert not list(device.again.iterdir())


def test_a_power_cut_while_it_wipes_leaves_the_network_that_was_taken(device: Device) -> None:
    seed = device.seed / "network.nmconnection"
    whole = seed.read_bytes()
    device.boots()
    seed.write_bytes(bytes(64) + whole[64:])
    assert device.boots() == 0
    assert (device.profile.read_bytes(), seed.exists()) == (whole, False)


def test_where_likelight_refuses_the_card_its_network_is_not_taken(device: Device) -> None:
    device.fails("likelight", True)
    assert device.boots() == 0
    assert "the network is not taken either" in device.log
    assert not device.profile.exists()
    device.fails("likelight", False)
    assert device.boots() == 0
    assert device.profile.exists()


def test_started_by_the_kernel_s_command_line_it_takes_its_words_away(device: Device) -> None:
    (device.boot / "cmdline.txt").write_text(f"{CMDLINE.strip()} {WORDS} quiet\n")
    assert device.boots() == 0
    assert (device.boot / "cmdline.txt").read_text() == f"{CMDLINE.strip()} quiet\n"
