"""Hands the newest picture from a driver's thread to the camera child's loop."""

import contextlib
import socket
import threading
import weakref
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestValue(Generic[T]):
    """Holds one value at most. `wake_fd` is readable while there is one."""

    def __init__(self) -> None:
        self.wake_fd, self._signal_fd = socket.socketpair()
        self.wake_fd.setblocking(False)
        self._signal_fd.setblocking(False)
        # Not at the interpreter's end: the driver's thread may still put a value then.
        weakref.finalize(self, _close, self.wake_fd, self._signal_fd).atexit = False
        self._lock = threading.Lock()
        self._value: T | None = None

    def put(self, value: T) -> T | None:
        """Store `value`, from any thread, without waiting; return the value that it replaces."""
        with self._lock:
            replaced, self._value = self._value, value
            if replaced is None:
                self._signal_fd.send(b"!")
        return replaced

    def take(self) -> T | None:
        """Remove and return the value, or None when there is none."""
        with self._lock:
            value, self._value = self._value, None
            if value is not None:
                with contextlib.suppress(BlockingIOError):
                    self.wake_fd.recv(1)
        return value


def _close(*ends: socket.socket) -> None:
    for end in ends:
        end.close()
