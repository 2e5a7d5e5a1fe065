"""Devices that boot in systemd-nspawn, and the shop around them: a cable with DHCP and DNS, and a
cloud behind TLS.

All of it is in namespaces of its own, which end with the test's process whatever becomes of it: no
mount, no interface and no process of this machine is touched. Only root can make them.
"""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from support.certificates import make_authority
from support.waiting import WITHIN_S

CLOUD = "https://cloud.test"
LATER_CLOUD = "https://cloud.test:8443"
"""The same behind a certificate of tomorrow, as one looks to a device whose clock is behind."""
AUTHORITIES = ("now", "later")
"""The folders with what has signed for the two: certificates and keys."""

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
_NSENTER = ("--mount", "--uts", "--ipc", "--net", "--pid")
_SHOP = """
mount -t tmpfs tmpfs /run
ip link set lo up
ip netns add device
ip link add lan type veth peer name eth0 netns device
ip address add 10.42.0.1/24 dev lan
ip link set lan up
dnsmasq --conf-file=/dev/null --no-resolv --no-hosts --interface=lan --bind-interfaces \
    --user=root --dhcp-range=10.42.0.50,10.42.0.99,1h --dhcp-leasefile=/run/leases \
    --pid-file=/run/dnsmasq.pid --address=/cloud.test/10.42.0.1
nginx -p "$1" -c "$1/nginx.conf" -e "$1/nginx.log"
echo ready
exec sleep infinity
"""
_NGINX = """\
user root; pid nginx.pid; events {}
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    map $http_upgrade $wish { default upgrade; "" ""; }
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $wish;
    proxy_http_version 1.1;
    proxy_buffering off;
    server {
        listen 10.42.0.1:443 ssl;
        ssl_certificate now/server.pem; ssl_certificate_key now/server.key;
        location / { proxy_pass http://127.0.0.1:8090; }
    }
    server {
        listen 10.42.0.1:8443 ssl;
        ssl_certificate later/server.pem; ssl_certificate_key later/server.key;
        location / { proxy_pass http://127.0.0.1:8090; }
    }
}
"""
_DISK = """
mkdir -p "$1"
mount -t "$3" -o "$4" "$2" "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$5,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
"""
# It wants cgroup2 alone, and a /sys in which the device's interface is, and not the shop's.
_BOOT = """
mount -t sysfs sysfs /sys
mount -t cgroup2 none /sys/fs/cgroup
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
exec systemd-nspawn --register=no --keep-unit --console=read-only --link-journal=no \
    --resolv-conf=off --capability=CAP_NET_ADMIN --directory="$1" --bind="$2:/boot/firmware" --boot
"""


class Shop:
    """The network, in the namespaces that `process` holds."""

    def __init__(self, process: subprocess.Popen[str], work: Path) -> None:
        self.work = work
        self._process = process
        self._disks = 0
        self._started: list[subprocess.Popen[bytes]] = []

    def run(self, *words: str | Path, check: bool = True, within: float = WITHIN_S) -> str:
        """Run a command on this machine's files and in the shop's network; return what it says."""
        done = subprocess.run(
            self._inside(*words),
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=within,
            check=False,
        )
        assert not check or done.returncode == 0, f"{words} said:\n{done.stdout[-4000:]}"
        return done.stdout

    def start(self, name: str, *words: str | Path) -> subprocess.Popen[bytes]:
        """Start a program there, which ends with the shop; what it says is in NAME.log."""
        with (self.work / f"{name}.log").open("ab") as log:
            program = subprocess.Popen(
                self._inside(*words),
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._started.append(program)
        return program

    def end(self) -> None:
        """End all of it."""
        self._process.kill()
        self._process.communicate()
        for program in self._started:
            program.wait(WITHIN_S)

    def asks(self, path: str, *options: str) -> str:
        """Ask the cloud as a viewer does; return the body of its reply."""
        authority = self.work / "now" / "ca.pem"
        return self.run(
            "curl",
            "-sS",
            "--fail",
            "--cacert",
            authority,
            *options,
            "--resolve",
            "cloud.test:443:10.42.0.1",
            CLOUD + path,
        )

    def disk(self, room: str, lower: Sequence[str | Path]) -> "Disk":
        """Return a disk with the files of the layers `lower`, the first one on top, and `room` for
        what a device writes."""
        self._disks += 1
        disk = Disk(self, f"/run/disk-{self._disks}")
        mounted = ("tmpfs", "tmpfs", f"size={room}")
        self.run("sh", "-euc", _DISK, "sh", disk.at, *mounted, ":".join(map(str, lower)))
        return disk

    def disk_on(self, block_device: str, lower: Sequence[str | Path]) -> "Disk":
        """The same, what a device writes being on the ext4 of a block device."""
        disk = Disk(self, f"/run/{Path(block_device).name}")
        mounted = (block_device, "ext4", "noatime")  # as Raspberry Pi OS mounts its own
        self.run("sh", "-euc", _DISK, "sh", disk.at, *mounted, ":".join(map(str, lower)))
        return disk

    @contextmanager
    def boots(self, disk: "Disk", card: Path, *, cable: bool = True) -> Iterator["Device"]:
        """Switch a device on, the folder `card` being its boot volume; cut its power at the end."""
        self.run("ip", "-n", "device", "address", "flush", "dev", "eth0")
        self.run("ip", "link", "set", "lan", "up" if cable else "down")
        enter = ("nsenter", "--net=/run/netns/device", "unshare", "--mount")
        words = ("sh", "-euc", _BOOT, "sh", f"{disk.at}/root", card)
        booted = self.start("console", *enter, *words)
        try:
            yield Device(self)
        finally:
            # What runs on a device, and the process that keeps its namespaces, end with its first.
            self.run("pkill", "--signal", "KILL", "--oldest", "--exact", "systemd", check=False)
            booted.wait(WITHIN_S)

    def _inside(self, *words: str | Path) -> list[str | Path]:
        # Those of what `unshare` has started; its own process is in this machine's.
        held = f"/proc/{self._process.pid}/ns"
        entered = (f"--mount={held}/mnt", f"--net={held}/net", f"--pid={held}/pid_for_children")
        return ["nsenter", *entered, *words]


@dataclass(frozen=True)
class Disk:
    """A device's disk, which keeps what was written on it."""

    shop: Shop
    at: str

    def has_room(self, room: str) -> None:
        """Make one in memory larger, or smaller: `room` as `mount` takes the size of a tmpfs."""
        self.shop.run("mount", "-o", f"remount,size={room}", self.at)

    def is_full(self) -> None:
        """Leave no room for one more block."""
        used = self.shop.run("sh", "-euc", 'df --output=used "$0" | tail -1', self.at)
        self.has_room(f"{int(used)}k")

    def files_with(self, secret: str) -> list[str]:
        """Return the files, by their paths, which have `secret` in them, of those that the device
        has written."""
        words = ("grep", "-raslF", "--", secret, f"{self.at}/upper")
        return [
            f"/{line.removeprefix(f'{self.at}/upper/')}"
            for line in self.shop.run(*words, check=False).splitlines()
        ]


@dataclass(frozen=True)
class Device:
    """A device that is switched on."""

    shop: Shop

    def run(self, command: str, *, check: bool = True) -> str:
        """Run a command of the shell on it as root; return what it says, errors included."""
        enter = 'exec nsenter --target "$(pgrep --oldest --exact systemd)" "$@"'
        inside = (*_NSENTER, "sh", "-c", f"exec 2>&1; cd /; {command}")
        return self.shop.run("sh", "-c", enter, "sh", *inside, check=check)

    def until(self, command: str, said: str) -> str:
        """Run a command again and again until it says `said`; return all that it says then."""
        return until(lambda: self.run(command, check=False), said)

    def has_booted(self) -> str:
        """Return once all is started: "running", or "degraded" where a unit has failed."""
        self.until("systemctl show -P Version", "257")
        return self.run("systemctl is-system-running --wait", check=False).strip()


def until(ask: Callable[[], str], said: str) -> str:
    """Ask again and again until `said` is in the answer; return all of it."""
    end = time.monotonic() + WITHIN_S
    while said not in (told := ask()):
        assert time.monotonic() < end, f"never {said!r}, but:\n{told}"
    return told


@contextmanager
def open_shop(work: Path) -> Iterator[Shop]:
    """Open a shop with no cloud yet; `work` has what its certificates are in, `AUTHORITIES`."""
    make_authority(work / "now", "DNS:cloud.test")
    day = timedelta(days=1)
    make_authority(work / "later", "DNS:cloud.test", valid_from=day, valid_to=2 * day)
    (work / "nginx.conf").write_text(_NGINX)
    process = subprocess.Popen(
        [
            *("setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--net", "--pid", "--fork"),
            *("--kill-child", "--mount-proc", "sh", "-euc", _SHOP, "sh", work),
        ],
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    shop = Shop(process, work)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", (work / "nginx.log").read_text()
        yield shop
    finally:
        shop.end()
