"""Report the daemon's state to systemd: the notification datagrams of sd_notify(3).

A no-op without `NOTIFY_SOCKET`. The variable is taken out of the environment, so that child
processes don't inherit the socket.
"""

import asyncio
import logging
import os
import socket

_FIRST_PASSED = 3

log = logging.getLogger(__name__)


class Systemd:
    """The service manager behind this process, if there is one."""

    def __init__(self) -> None:
        self._address = _address(os.environ.pop("NOTIFY_SOCKET", ""))
        self._watchdog_s = _watchdog_seconds()
        self._deaf = False

    def ready(self, status: str) -> None:
        """Start-up is over; `status` shows in `systemctl status`."""
        self._notify(f"READY=1\nSTATUS={status}")

    def stopping(self) -> None:
        self._notify("STOPPING=1")

    async def run(self) -> None:
        """Ping the watchdog at half its period; the ping stops when the event loop does."""
        while True:
            if self._watchdog_s is None:
                await asyncio.Event().wait()
            else:
                self._notify("WATCHDOG=1")
                await asyncio.sleep(self._watchdog_s / 2)

    def _notify(self, message: str) -> None:
        if self._address is None:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            try:
                channel.sendto(message.encode(), self._address)
            except OSError as error:
                # A kitchen must not go dark because its service manager does not listen.
                if not self._deaf:
                    log.warning("systemd can't be notified of the daemon's state: %s", error)
                self._deaf = True
            else:
                self._deaf = False


def inherited_sockets() -> dict[str, socket.socket]:
    """Return the listening sockets that the service manager has bound, by their names in its socket
    unit (sd_listen_fds(3)).

    They outlive this process: who connects meanwhile waits for the next one.
    """
    names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
    meant_for, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    if meant_for != str(os.getpid()) or not count.isdigit():
        return {}
    descriptors = range(_FIRST_PASSED, _FIRST_PASSED + int(count))
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return {
        name: socket.socket(fileno=descriptor)
        for name, descriptor in zip(names, descriptors, strict=False)
    }


def _address(path: str) -> str | None:
    """`@name` means the abstract namespace, whose names start with a zero byte."""
    if not path:
        return None
    return "\0" + path[1:] if path.startswith("@") else path


def _watchdog_seconds() -> float | None:
    microseconds = os.environ.pop("WATCHDOG_USEC", "")
    meant_for = os.environ.pop("WATCHDOG_PID", "") or str(os.getpid())
    if not microseconds.isdigit() or meant_for != str(os.getpid()):
        return None
    return int(microseconds) / 1_000_000
