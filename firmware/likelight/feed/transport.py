"""What the feed needs of a TCP connection: small buffers, a quick end, and what is still unsent."""

import asyncio
import fcntl
import socket
import struct
import termios
from contextlib import suppress

STALL_S = 10.0
"""A connection is dead when nothing has gone out on it for this long, in seconds."""

_NOTSENT_BYTES = 16_384
_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)
_BYTES_ACKED = struct.Struct("120xQ")  # where Linux's struct tcp_info has tcpi_bytes_acked
# Linux and macOS have them under different numbers; Python names them only where they exist.
_NOTSENT_LOWAT: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)
_USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)


def tune(transport: asyncio.Transport) -> None:
    """Limit what the kernel buffers for a slow peer, and how long it tries a dead one.

    Without the low-water mark the send buffer grows to 4 MB and a slow viewer sees pictures 8 s
    old; with 16 KiB they are 0.3 s old, at no cost for the fast ones.
    """
    peer = transport.get_extra_info("socket")
    if peer is None or peer.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with suppress(OSError):  # macOS takes no option for a socket whose other end is gone
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if _NOTSENT_LOWAT is not None:
            peer.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, _NOTSENT_BYTES)
        if _USER_TIMEOUT is not None:
            peer.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, int(STALL_S * 1000))


def abort(transport: asyncio.Transport) -> None:
    """End a connection at once, and drop what it had still to send, in the kernel, too."""
    peer = transport.get_extra_info("socket")
    if peer is not None and not transport.is_closing():
        # With a linger time of 0 s, close() sends a reset and drops the send buffer.
        with suppress(OSError):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def unacknowledged_bytes(transport: asyncio.Transport) -> int:
    """Return how many bytes the kernel keeps because the other end has not acknowledged them."""
    peer = transport.get_extra_info("socket")
    if peer is None or peer.fileno() < 0:
        return 0
    kept = bytearray(4)
    with suppress(OSError):  # not every system answers this for a socket
        fcntl.ioctl(peer.fileno(), termios.TIOCOUTQ, kept)
    return int(struct.unpack("i", kept)[0])


def acknowledged_bytes(transport: asyncio.Transport) -> int:
    """Return how many bytes the other end's kernel has taken; 0 where the system does not tell."""
    peer = transport.get_extra_info("socket")
    if peer is None or _TCP_INFO is None:
        return 0
    with suppress(OSError, struct.error):  # no TCP, or a kernel before 4.1
        info = peer.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _BYTES_ACKED.size)
        return int(_BYTES_ACKED.unpack(info)[0])
    return 0


class Unread:
    """What was under way over `transport` at one moment, in user space and in the kernel."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        under_way = unacknowledged_bytes(transport) + transport.get_write_buffer_size()
        self._until = acknowledged_bytes(transport) + under_way if under_way else 0

    @property
    def remains(self) -> bool:
        """True while the other end has not taken all of it."""
        return (
            not self._transport.is_closing() and acknowledged_bytes(self._transport) < self._until
        )
