"""A virtual machine that starts systemd on a Debian tree with our packages.

Software emulation with one processor: no KVM, no image of a root, no network. The tree is its root,
over virtiofs, and is not changed; a folder that the test shares with it is /test there.
"""

import os
import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from support import gpio_kernel
from support.debian_tree import debian_tree, overlay, packages_of_last_commit

INIT = Path(__file__).parents[1] / "machine/init.sh"
VIRTIOFSD = Path("/usr/lib/qemu/virtiofsd")
NEEDS = ("qemu-system-x86_64", "mmdebstrap", "zstd", "depmod")
IN_THE_TREE = (
    *("systemd-sysv", "udev", "dbus", "procps", "kmod", "iproute2", "python3", "ca-certificates"),
    *("libfribidi0", "tzdata", "python3-spidev", "python3-pil", "network-manager"),
)

RUN = """\
[Unit]
Description=what a test does in this machine
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash -c 'bash -eu /test/inside >/test/said 2>&1; echo $? >/test/status'
ExecStartPost=systemctl poweroff --no-block
"""


def why_not() -> str | None:
    """Return why this computer has no such machine; None where it has."""
    if platform.machine() != "x86_64":
        return "the virtual machine is an x86-64"
    if os.geteuid() != 0:
        return "only root can give a machine its files"
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    missing = [name for name in NEEDS if shutil.which(name, path=path) is None]
    if missing or not VIRTIOFSD.exists():
        return f"needs Debian, and its packages for {', '.join(missing) or 'virtiofsd'}"
    return None


@dataclass(frozen=True)
class Boot:
    """How a machine's life went."""

    status: int
    """Of what ran inside; -1 where the machine ended first."""
    said: str
    console: str
    events: str
    """What the emulator told: JSON, a line each."""


@dataclass(frozen=True)
class VirtualMachine:
    """A machine; what it writes is forgotten when it ends."""

    root: Path
    """The tree that it starts from."""
    shared: Path
    """/test in it."""
    modules: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    """More of QEMU's words."""

    def run(self, inside: str, within_s: float) -> Boot:
        """Boot, run the script `inside` when all is up, and switch off; end it after `within_s`."""
        for name in ("said", "status"):
            (self.shared / name).unlink(missing_ok=True)
        (self.shared / "inside").write_text(inside)
        console = self.shared.with_name("console")
        with ExitStack() as ends:
            for folder, name in ((self.root, "root"), (self.shared, "test")):
                ends.enter_context(_served(folder, self._socket(name)))
            output = ends.enter_context(console.open("wb"))
            qemu = subprocess.Popen(
                self._qemu(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
            try:
                events = ends.enter_context(self._events())
                with suppress(subprocess.TimeoutExpired):
                    qemu.wait(within_s)
            finally:
                qemu.kill()
                qemu.wait()
            told = events.read()
        status, said = self.shared / "status", self.shared / "said"
        return Boot(
            int(status.read_text()) if status.exists() else -1,
            said.read_text(errors="replace") if said.exists() else "",
            console.read_text(errors="replace"),
            told,
        )

    def _socket(self, name: str) -> Path:
        return self.shared.with_name(f"{name}.socket")

    @contextmanager
    def _events(self) -> Iterator[TextIO]:
        """Ask the emulator for its events; they can be read once it has ended."""
        path = self._socket("events")
        with socket.socket(socket.AF_UNIX) as link:
            wait_for(path)
            link.connect(str(path))
            link.sendall(b'{"execute": "qmp_capabilities"}')
            with link.makefile() as events:
                yield events

    def _qemu(self) -> list[str]:
        return [
            *("qemu-system-x86_64", "-nodefaults", "-display", "none"),
            *("-machine", "q35,memory-backend=memory", "-accel", "tcg,thread=single"),
            *("-cpu", "max", "-smp", "1", "-m", "1024"),
            *("-object", "memory-backend-memfd,id=memory,size=1024M,share=on"),
            *("-serial", "stdio", "-no-reboot", "-device", "virtio-rng-pci"),
            *("-qmp", f"unix:{self._socket('events')},server=on,wait=off"),
            *("-chardev", f"socket,id=root,path={self._socket('root')}"),
            *("-device", "vhost-user-fs-pci,chardev=root,tag=root"),
            *("-chardev", f"socket,id=test,path={self._socket('test')}"),
            *("-device", "vhost-user-fs-pci,chardev=test,tag=test"),
            *self.devices,
            *("-kernel", str(gpio_kernel.kept() / "kernel/vmlinux"), "-append"),
            "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off nokaslr "
            "rootfstype=virtiofs root=root ro init=/usr/local/sbin/vm-init "
            f"vm.modules={','.join(self.modules)}",
        ]


@contextmanager
def machine_tree(work: Path) -> Iterator[Path]:
    """Mount a tree for machines in `work`, with the last commit's packages; the daemon does not
    start by itself. The tree can be written while no machine is on."""
    kernel = gpio_kernel.kept() / "kernel"
    base = debian_tree("trixie", IN_THE_TREE)
    with overlay((kernel / "root", base), work) as tree:
        packages = tree / "debs"
        packages_of_last_commit(packages)
        _install(tree)
        shutil.copy(INIT, tree / "usr/local/sbin/vm-init")
        wants = tree / "etc/systemd/system/multi-user.target.wants"
        (wants.parent / "vm-test.service").write_text(RUN)
        (wants / "vm-test.service").symlink_to("../vm-test.service")
        # The processor is emulated, and Python starts in half a minute.
        patience = wants.parent / "system.conf.d/patience.conf"
        patience.parent.mkdir()
        patience.write_text("[Manager]\nDefaultTimeoutStartSec=15min\n")
        # Raspberry Pi OS has this rule; Debian has not.
        (tree / "etc/udev/rules.d/99-com.rules").write_text(
            'SUBSYSTEM=="dma_heap", GROUP="video", MODE="0660"\n'
        )
        yield tree


def _install(tree: Path) -> None:
    subprocess.run(
        [
            *("unshare", "--mount", "--pid", "--fork", "--net", "chroot", tree, "sh", "-euc"),
            "mount -t proc proc /proc; "
            "apt-get install -y -q --no-install-recommends /debs/*.deb; "
            "systemctl disable likelight",
        ],
        env={
            "PATH": "/usr/sbin:/usr/bin",
            "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
        },
        stdout=subprocess.DEVNULL,
        timeout=600,
        check=True,
    )


@contextmanager
def _served(folder: Path, path: Path) -> Iterator[None]:
    """Serve a folder on a socket as long as the context lasts."""
    server = subprocess.Popen(
        [
            *(VIRTIOFSD, f"--socket-path={path}", "-o", f"source={folder}"),
            *("-o", "cache=always", "-o", "sandbox=chroot", "--thread-pool-size=0"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(path)
        yield
    finally:
        server.kill()
        server.wait()


def wait_for(path: Path) -> None:
    """Wait until a server has made its socket."""
    for _ in range(2000):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path.name} is not there")
