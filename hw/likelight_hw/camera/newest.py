"""The letterbox between a driver's thread and the camera child's loop: the newest picture wins."""

import contextlib
import socket
import threading
import weakref
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """Holds one thing at most. `bell` is readable while something is in it."""

    def __init__(self) -> None:
        self.bell, self._rope = socket.socketpair()
        self.bell.setblocking(False)
        self._rope.setblocking(False)
        # Not at the interpreter's end, when the driver's thread may still put something in.
        weakref.finalize(self, _close, self.bell, self._rope).atexit = False
        self._lock = threading.Lock()
        self._item: T | None = None

    def put(self, item: T) -> T | None:
        """Put `item` in, from any thread, without waiting; return what nobody had taken."""
        with self._lock:
            displaced, self._item = self._item, item
            if displaced is None:
                self._rope.send(b"!")
        return displaced

    def take(self) -> T | None:
        """Take out what is in it, None when it is empty."""
        with self._lock:
            item, self._item = self._item, None
            if item is not None:
                with contextlib.suppress(BlockingIOError):
                    self.bell.recv(1)
        return item


def _close(*ends: socket.socket) -> None:
    for end in ends:
        end.close()
