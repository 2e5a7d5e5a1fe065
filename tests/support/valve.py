"""A viewer's connection without a kernel: what is written while it is shut stays in its buffer."""

import asyncio
from math import inf


class Valve(asyncio.Transport):
    """A transport that passes on what is written while it is open, and buffers it while not.

    `room` is how many bytes it takes beyond what was read at its other end.
    """

    def __init__(self, room: float = inf) -> None:
        super().__init__()
        self.unread = 0
        """Bytes that were written, and not taken off by whoever reads `got`."""
        self._room = room
        self.got: list[bytes] = []
        """What was written, passed on or not."""
        self.written = asyncio.Event()
        """Set at each write."""
        self.cut_at: float | None = None
        """The loop's time at which the connection was cut off."""
        self._open = True
        self._held = 0

    @property
    def open(self) -> bool:
        """Whether bytes go out; those that were held do at once when it is opened."""
        return self._open

    @open.setter
    def open(self, open: bool) -> None:
        self._open = open
        if open:
            self._held = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.got.append(bytes(data))
        self.written.set()
        self.unread += len(data)
        if not self._open:
            self._held += len(data)

    def get_write_buffer_size(self) -> int:
        return self._held or int(max(0, self.unread - self._room))

    def is_closing(self) -> bool:
        return self.cut_at is not None

    def close(self) -> None:
        """Nothing to end."""

    def abort(self) -> None:
        if self.cut_at is None:
            self.cut_at = asyncio.get_running_loop().time()
