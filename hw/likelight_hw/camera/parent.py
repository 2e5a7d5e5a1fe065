"""The socket to the daemon, as the camera child sees it."""

import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.wire import DesiredState, unpack_desired_state, unpack_setup
from likelight_hw.child.packets import ChildPacket, Unpacker
from likelight_hw.ports import PlaceholderSpec


class DaemonGone(Exception):
    """The daemon has closed the link. FFmpeg's drivers, too, raise `EOFError` and the like."""


class Parent:
    """The daemon: what it wants, and whether it reads what is sent.

    Every method raises `DaemonGone` once the daemon is gone.
    """

    def __init__(self, link: socket.socket) -> None:
        link.setblocking(False)
        self.desired = DesiredState()
        self._link = link
        self._unpacker = Unpacker()
        self._packets: deque[ChildPacket] = deque()
        self._unsent: deque[memoryview] = deque()
        self._selector = selectors.DefaultSelector()
        self._selector.register(link, selectors.EVENT_READ)

    @property
    def backlogged(self) -> bool:
        """True while the kernel's buffer is full: the daemon does not read."""
        return bool(self._unsent)

    def setup(self) -> tuple[CameraConfig, list[PlaceholderSpec]]:
        """Wait for the SETUP packet."""
        while not self._packets:
            self._serve_link(None)
        return unpack_setup(self._packets.popleft().payload)

    def wait(self, timeout: float | None) -> None:
        """Serve the link for `timeout` seconds, or until a packet came; None waits for ever."""
        if not self._packets:
            self._serve_link(timeout)
        self._take_desired()

    def wait_until(self, due: float, stream: int) -> bool:
        """Serve the link until `due`; False when another stream than `stream` is wanted."""
        while True:
            left = due - time.monotonic()
            self.wait(max(0.0, left))
            if self.desired.stream != stream:
                return False
            if left <= 0:
                return True

    def wait_for(self, arrivals: socket.socket, stream: int) -> bool:
        """Serve the link until `arrivals` is readable; False when another stream is wanted."""
        self._selector.register(arrivals, selectors.EVENT_READ)
        try:
            while self.desired.stream == stream:
                arrived = self._serve_link(None)
                self._take_desired()
                if arrived:
                    return self.desired.stream == stream
        finally:
            self._selector.unregister(arrivals)
        return False

    def send(self, packet: bytes) -> None:
        """Send `packet`, or as much of it as fits; the rest goes while waiting."""
        self._unsent.append(memoryview(packet))
        self._flush()

    def drain(self) -> None:
        """Send all that waits."""
        while self._unsent:
            self._serve_link(None)

    def _take_desired(self) -> None:
        while self._packets:
            self.desired = unpack_desired_state(self._packets.popleft().payload)

    def _serve_link(self, timeout: float | None) -> bool:
        """Serve the link once; return whether the other socket is readable."""
        arrived = False
        for key, events in self._selector.select(timeout):
            if key.fileobj is not self._link:
                arrived = True
                continue
            if events & selectors.EVENT_WRITE:
                self._flush()
            if events & selectors.EVENT_READ:
                with _as_daemon_gone():
                    data = self._link.recv(65536)
                if not data:
                    raise DaemonGone
                self._packets.extend(self._unpacker.feed(data))
        return arrived

    def _flush(self) -> None:
        while self._unsent:
            try:
                with _as_daemon_gone():
                    sent = self._link.send(self._unsent[0])
            except BlockingIOError:
                break
            rest = self._unsent.popleft()[sent:]
            if rest:
                self._unsent.appendleft(rest)
        writing = selectors.EVENT_WRITE if self._unsent else 0
        self._selector.modify(self._link, selectors.EVENT_READ | writing)


@contextmanager
def _as_daemon_gone() -> Iterator[None]:
    try:
        yield
    except ConnectionError as error:
        raise DaemonGone from error
