"""What runs in the daemon's place, in the sandbox of its unit: tries what it needs and what it must
not have, and prints what came of each as JSON.

It runs on the machine's own Python, which has none of the project's libraries.
"""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import signal
import socket
import sqlite3
import stat
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
DONE = "done"
GPIO_GET_CHIPINFO, FBIOGET_VSCREENINFO, VIDIOC_QUERYCAP = 0x8044B401, 0x4600, 0x80685600
I2C_SLAVE, I2C_ADDRESS = 0x0703, 0x3C
PTRACE_ATTACH, CLONE_NEWUSER, CLONE_NEWNET = 16, 0x10000000, 0x40000000
# x86-64's, where Python has no function of that name.
PERF_EVENT_OPEN, INIT_MODULE, DELETE_MODULE, KEXEC_LOAD, ADD_KEY, BPF = 298, 175, 176, 246, 248, 321
IOPL, SWAPON, REBOOT = 172, 167, 169
SYSLOG, ACCT, SET_HOSTNAME, SETTIMEOFDAY = 103, 163, 170, 164


def call(number: int, *arguments: int | bytes | None) -> None:
    """Make a system call; raise its error."""
    if LIBC.syscall(ctypes.c_long(number), *arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")


def control(path: str, request: int, size: int) -> None:
    """Ask a device a question of `size` bytes."""
    with Path(path).open("r+b", buffering=0) as device:
        fcntl.ioctl(device, request, bytearray(size))


def i2c(path: str) -> None:
    with Path(path).open("r+b", buffering=0) as bus:
        fcntl.ioctl(bus, I2C_SLAVE, I2C_ADDRESS)


def framebuffer() -> None:
    control("/dev/fb0", FBIOGET_VSCREENINFO, 160)
    with (
        Path("/dev/fb0").open("r+b", buffering=0) as panel,
        mmap.mmap(panel.fileno(), 4096) as pixels,
    ):
        pixels[:4] = b"\xff" * 4


def written(path: str) -> None:
    """Make a file in a folder, and remove it."""
    file = Path(path, "probe")
    file.write_text("x")
    file.unlink()


def overwritten(path: str) -> None:
    with Path(path).open("r+") as file:
        file.write("x")


def database() -> None:
    file = Path("/var/lib/likelight/probe.sqlite3")
    store = sqlite3.connect(file)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("CREATE TABLE likes (number)")
    store.commit()
    store.close()
    file.unlink()


def fifo() -> None:
    pipe = Path("/run/likelight/.lgd-nfy0")
    os.mkfifo(pipe)
    pipe.unlink()


def listening(family: socket.AddressFamily, address: object) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.bind(address)  # type: ignore[arg-type]
        server.listen()


def control_socket() -> None:
    listening(socket.AF_UNIX, "/run/likelight/probe.sock")
    Path("/run/likelight/probe.sock").unlink()


def connected(path: str, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_UNIX, kind) as client:
        client.connect(path)


def opened(family: socket.AddressFamily, kind: socket.SocketKind, protocol: int = 0) -> None:
    socket.socket(family, kind, protocol).close()


def child_and_thread() -> None:
    subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def traced() -> None:
    """Trace a child, which every program may do outside."""
    child = subprocess.Popen(["sleep", "60"])
    try:
        if LIBC.ptrace(PTRACE_ATTACH, child.pid, None, None) == -1:
            raise OSError(ctypes.get_errno(), "refused")
    finally:
        child.kill()
        child.wait()


def others_seen() -> None:
    """Raise `ENOENT` where no process but its own can be seen."""
    for process in Path("/proc").glob("[0-9]*"):
        if process.stat().st_uid != os.getuid():
            return
    raise FileNotFoundError(errno.ENOENT, "none")


def set_user_id_bit() -> None:
    file = Path("/run/likelight/probe")
    file.touch()
    try:
        file.chmod(0o4755)
    finally:
        file.unlink()


def real_time() -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def raised_priority() -> None:
    os.setpriority(os.PRIO_PROCESS, 0, -5)


def new_namespace(flag: int) -> None:
    if LIBC.unshare(flag) == -1:
        raise OSError(ctypes.get_errno(), "refused")


def mounted() -> None:
    if LIBC.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == -1:
        raise OSError(ctypes.get_errno(), "refused")


def personality() -> None:
    if LIBC.personality(0x0400000) == -1:
        raise OSError(ctypes.get_errno(), "refused")


def in_turn() -> tuple[dict[str, Callable[[], object]], dict[str, Callable[[], object]]]:
    """Return what is needed, and what must be refused."""
    needed: dict[str, Callable[[], object]] = {
        "the chip of the pins": lambda: control("/dev/gpiochip0", GPIO_GET_CHIPINFO, 68),
        "I2C": lambda: i2c(os.environ["PROBE_I2C"]),
        "the framebuffer": framebuffer,
        "the camera's node": lambda: control("/dev/video0", VIDIOC_QUERYCAP, 104),
        "the media controller": lambda: os.close(os.open("/dev/media0", os.O_RDWR)),
        "memory for the camera's pictures": lambda: os.close(
            os.open("/dev/dma_heap/system", os.O_RDWR)
        ),
        "a file of /sys that the group gpio has": lambda: Path(
            os.environ["PROBE_SYSFS"]
        ).write_text("pull-up"),
        "the state directory": lambda: written("/var/lib/likelight"),
        "SQLite in it": database,
        "the runtime directory": lambda: written("/run/likelight"),
        "lgpio's FIFO": fifo,
        "the configuration, read": lambda: Path("/etc/likelight/likelight.toml").read_text(),
        "the crew's questions, read": lambda: sorted(Path("/run/likelight-boot").iterdir()),
        "the authorities": lambda: sorted(Path("/etc/ssl/certs").iterdir()),
        "temporary files": lambda: written("/tmp"),
        "the control socket": control_socket,
        "the page's port": lambda: listening(socket.AF_INET, ("0.0.0.0", 8080)),
        "the page's port in IPv6": lambda: listening(socket.AF_INET6, ("::", 8080)),
        "a datagram": lambda: opened(socket.AF_INET, socket.SOCK_DGRAM),
        "the network's addresses": lambda: opened(socket.AF_NETLINK, socket.SOCK_RAW, 0),
        "D-Bus": lambda: connected("/run/dbus/system_bus_socket", socket.SOCK_STREAM),
        "systemd": lambda: connected("/run/systemd/notify", socket.SOCK_DGRAM),
        "the journal": lambda: connected("/run/systemd/journal/socket", socket.SOCK_DGRAM),
        "a child and a thread": child_and_thread,
        "shared memory": lambda: os.close(os.memfd_create("probe")),
    }
    refused: dict[str, Callable[[], object]] = {
        "reading /home": lambda: Path("/home/crew/probe").read_text(),
        "reading /root": lambda: Path("/root/probe").read_text(),
        "the other processes": others_seen,
        "ptrace of a child": traced,
        "a raw socket": lambda: opened(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        "a packet socket": lambda: opened(socket.AF_PACKET, socket.SOCK_RAW),
        "a Bluetooth socket": lambda: opened(socket.AF_BLUETOOTH, socket.SOCK_RAW, 1),
        "a virtual machine's socket": lambda: opened(socket.AF_VSOCK, socket.SOCK_STREAM),
        "a key for the kernel": lambda: call(ADD_KEY, b"user", b"probe", b"x", 1, -3),
        "BPF": lambda: call(BPF, 0, None, 0),
        "perf": lambda: call(PERF_EVENT_OPEN, bytes(128), 0, -1, -1, 0),
        "loading a module": lambda: call(INIT_MODULE, b"", 0, b""),
        "unloading a module": lambda: call(DELETE_MODULE, b"softdog", 0),
        "the module's files": lambda: sorted(Path("/usr/lib/modules").iterdir()),
        "another kernel": lambda: call(KEXEC_LOAD, 0, 0, None, 0),
        "a reboot": lambda: call(REBOOT, 0xFEE1DEAD, 672274793, 0, None),
        "ports of the processor": lambda: call(IOPL, 3),
        "swap": lambda: call(SWAPON, b"/var/lib/likelight", 0),
        "accounting": lambda: call(ACCT, None),
        "the kernel's log": lambda: call(SYSLOG, 3, bytes(16), 16),
        "the clock": lambda: call(SETTIMEOFDAY, struct.pack("qq", 1, 0), None),
        "the host's name": lambda: call(SET_HOSTNAME, b"probe", 5),
        "mounting": mounted,
        "a user namespace": lambda: new_namespace(CLONE_NEWUSER),
        "a network namespace": lambda: new_namespace(CLONE_NEWNET),
        "chroot": lambda: os.chroot("/run/likelight"),
        "another personality": personality,
        "the set-user-ID bit": set_user_id_bit,
        "real-time priority": real_time,
        "a higher priority": raised_priority,
        "becoming root": lambda: os.setuid(0),
        "another user's signal": lambda: os.kill(1, signal.SIGCONT),
        "control groups": lambda: overwritten("/sys/fs/cgroup/cgroup.procs"),
        "the system request": lambda: overwritten("/proc/sysrq-trigger"),
        "a setting of the kernel": lambda: overwritten("/proc/sys/kernel/panic"),
    }
    refused |= {
        f"writing {folder}": lambda folder=folder: written(folder)
        for folder in os.environ["PROBE_FOLDERS"].split()
    }
    return needed, refused


def outcome(attempt: Callable[[], object]) -> str:
    """Return "done", or the name of the error."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return DONE


def nodes() -> dict[str, str]:
    """Try to open every device that can be seen."""
    found = {}
    for path in map(str, Path("/dev").rglob("*")):
        mode = os.lstat(path).st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            flags = os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY
            found[path] = outcome(lambda path=path, flags=flags: os.close(os.open(path, flags)))
    return found


def main() -> None:
    needed, refused = in_turn()
    json.dump(
        {
            "needed": {name: outcome(attempt) for name, attempt in needed.items()},
            "refused": {name: outcome(attempt) for name, attempt in refused.items()},
            "nodes": nodes(),
        },
        sys.stdout,
    )


main()
