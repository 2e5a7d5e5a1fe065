"""A device's first boots, cut off by SIGKILL at one instant each and then left alone. A program of
its own, since each attempt is a fork: `python -m support.first_boot_kills FOLDER URL KID=CODE...`.

The script of the first boot is killed with all that it calls, at one of its calls; `likelight pair`
before one of its operations on files. Stand-ins answer for apt, NetworkManager and systemd, a
folder for the FAT volume; the cloud at URL is a real one. Prints what each code came to: how the
last start of `likelight pair` ended, and the token in its file.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import likelight.cli.pair_actions  # noqa: F401  once here, not in each fork
from likelight.cli.exits import Exit
from likelight.cli.main import main
from likelight.fleet.boot_volume.take import CODE_FILE, Places, take
from likelight.fleet.seed.seed import seed_of
from likelight.fleet.stores.details import Details
from likelight.fleet.stores.network import Network, Security, Wifi
from likelight.fleet.stores.rows import StoreRow
from support.flash_kills import forked, killed

# 20 in all; more would be over what the cloud takes in a minute from one address.
SCRIPT_INSTANTS = (1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21)
PAIR_INSTANTS = (1, 2, 3, 4, 5, 6, 7, 8, 9)
NEVER = 1000
PASSPHRASE = "correct horse"
# Each call by the script goes through this: it counts, and ends the whole group at one of them.
COUNTING = """#!/bin/sh
printf x >> "$CALLED"
read -r calls < "$CALLED"
[ "${#calls}" -ge "$KILL_AT" ] && kill -9 0
exec "$REAL" "$@"
"""
STAND_IN = """#!/bin/sh
printf x >> "$CALLED"
read -r calls < "$CALLED"
[ "${#calls}" -ge "$KILL_AT" ] && kill -9 0
exit 0
"""
TOOLS = ("dd", "grep", "head", "install", "mkdir", "mv", "rm", "sed", "sync", "tr", "wc")
STAND_INS = ("apt-get", "dpkg", "nmcli", "raspi-config", "systemctl", "timeout")


class Device:
    """A device's folders, with a seed on its boot volume."""

    def __init__(self, root: Path, url: str, coming: str) -> None:
        kid, code = coming.split("=")
        self.root = root
        self.boot = root / "boot" / "firmware"
        self.config = root / "etc" / "likelight" / "likelight.toml"
        self.code = self.config.with_name(CODE_FILE)
        self.state = root / "state"
        store = StoreRow(
            kid,
            "Harbour",
            Details(country="DE"),
            {},
            Network(Wifi(b"Kitchen", Security.WPA2, PASSPHRASE)),
        )
        for path, content in seed_of(store, url, code).files.items():
            (self.boot / path).parent.mkdir(parents=True, exist_ok=True)
            (self.boot / path).write_bytes(content)
        words = " systemd.run=/boot/firmware/likelight/first-boot.sh"
        (self.boot / "cmdline.txt").write_text(f"root=PARTUUID=1-02 rootwait{words}\n")
        for folder in (self.state, self.config.parent, root / "profiles", root / "tools"):
            folder.mkdir(parents=True)
        self.config.write_text(f'state_dir = "{self.state}"\n')
        for name in (*TOOLS, *STAND_INS):
            text = (
                COUNTING.replace("$REAL", shutil.which(name) or "") if name in TOOLS else STAND_IN
            )
            (root / "tools" / name).write_text(text)
            (root / "tools" / name).chmod(0o755)

    def runs_the_script(self, kill_at: int = NEVER) -> int:
        """Run the script as at a boot, where the kernel's command line asks for it."""
        if "systemd.run=" not in (self.boot / "cmdline.txt").read_text():
            return 0
        called = self.root / "called"
        called.write_text("")
        environment = {
            "ROOT": str(self.root),
            "PATH": f"{self.root / 'tools'}:/usr/sbin:/usr/bin:/sbin:/bin",
            "CALLED": str(called),
            "KILL_AT": str(kill_at),
        }
        command = ["/bin/sh", self.boot / "likelight" / "first-boot.sh"]
        return subprocess.run(
            command, env=environment, timeout=100, check=False, start_new_session=True
        ).returncode

    def takes_its_text(self) -> None:
        """Do what `likelight-boot-volume.service` does."""
        places = Places(self.config, self.root / "profiles", self.root / "run" / "report.json")
        take(self.boot, places, None)

    def pairs(self) -> None:
        """Do what `likelight-enrol.service` does, with its exit code."""
        os._exit(main(["pair", "--config", str(self.config), "--code-file", str(self.code)]))


def attempt(root: Path, url: str, coming: str, *, script: int = 0, pair: int = 0) -> str:
    """Have a device boot, be cut off, and boot again; return what came of it."""
    device = Device(root, url, coming)
    if script:
        assert device.runs_the_script(script) == -signal.SIGKILL
        device.runs_the_script()
    else:
        device.runs_the_script()
        assert forked(device.takes_its_text) == 0
        ended = forked(lambda: killed(pair, root, device.pairs))
        assert ended in (0, -signal.SIGKILL)
    device.runs_the_script()
    assert "systemd.run=" not in (device.boot / "cmdline.txt").read_text()
    assert forked(device.takes_its_text) == 0
    exit_code = forked(device.pairs) if device.code.exists() else 0
    assert not device.code.exists()
    return f"{coming.split('=')[0]} {exit_code} {(device.state / 'token').read_text()}"


def raw(path: Path, url: str, coming: str) -> None:
    """Boot once, and look at the bytes that stood in each file before, and at all files after."""
    device, code = Device(path, url, coming), coming.split("=")[1]
    before = [file.open("rb") for file in device.boot.rglob("*") if file.is_file()]
    try:
        key = (device.boot / "likelight/network.nmconnection").read_text().split("psk=")[1][:64]
        device.runs_the_script()
        assert forked(device.takes_its_text) == 0
        # A disk that takes nothing after the cloud has answered: systemd starts it again.
        (device.state / "token" / "in the way").mkdir(parents=True)
        assert forked(device.pairs) == Exit.UNAVAILABLE
        assert device.code.exists()
        shutil.rmtree(device.state / "token")
        assert forked(device.pairs) == 0
        profile = path / "etc/NetworkManager/system-connections/likelight.nmconnection"
        assert key in profile.read_text()
        left = {str(file.name): file.read() for file in before}
        files = {str(file): file.read_bytes() for file in path.rglob("*") if file.is_file()}
        del files[str(profile)]
        for secret in (code, code.replace("-", ""), key, PASSPHRASE):
            for name, content in (*left.items(), *files.items()):
                assert secret.encode() not in content, name
    finally:
        for file in before:
            file.close()


if __name__ == "__main__":
    folder, address, *codes = sys.argv[1:]
    raw(Path(folder) / "raw", address, codes.pop())
    for number in SCRIPT_INSTANTS:
        print(attempt(Path(folder) / f"s{number}", address, codes.pop(), script=number))
    for number in PAIR_INSTANTS:
        print(attempt(Path(folder) / f"p{number}", address, codes.pop(), pair=number))
