"""The push child: takes access units from the daemon, and gives them to FFmpeg unchanged.

It is a process because PyAV holds the GIL while FFmpeg connects, because a server that stops
reading blocks the writer, and because only the end of a process stops both at once.
"""

import contextlib
import errno
import os
import re
import socket
import stat
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.logging
from av.container import OutputContainer
from av.error import FFmpegError

from likelight_hw.child.packets import ChildPacket, Unpacker, pack
from likelight_hw.ports import StreamFormat
from likelight_hw.push.target import PushTarget
from likelight_hw.push.wire import KEYFRAME, PushMessage, unpack_setup

_TICKS = 90_000
_SHORTEST_US = 1_000
"""FLV counts in milliseconds, and time must ascend."""
_LONGEST_US = 10_000_000
"""A longer gap is a clock that stepped: the daemon ends a push that stalls that long."""

_SEND_BUFFER = 256 * 1024
"""Bytes that wait in the kernel: 1 s at 2 Mbit/s. Linux would grow it to 4 MB, 16 s late."""

_Log = tuple[int, str, str]


def serve(link: socket.socket) -> None:
    """Push what comes over `link` until the daemon closes it or the server fails."""
    # When the daemon is gone, `packets` ends or the link breaks.
    gone = contextlib.suppress(ConnectionError, StopIteration)
    packets = _packets(link)
    av.logging.set_level(av.logging.ERROR)
    # FFmpeg's messages hold the URL. Captured, they are not printed.
    with av.logging.Capture(local=False) as log, gone:
        target, stream = unpack_setup(next(packets).payload)
        try:
            output = _connect(target, stream)
            link.sendall(pack(PushMessage.CONNECTED))
            for unit in _timed(packets, output):
                output.mux(unit)
                link.sendall(pack(PushMessage.SENT))
        except FFmpegError as error:
            link.sendall(pack(PushMessage.TROUBLE, describe_failure(error, log, target).encode()))


def describe_failure(error: FFmpegError, log: list[_Log], target: PushTarget) -> str:
    """Return what went wrong, with nothing of the URL but its server.

    FFmpeg's network layers name the cause, the error behind them is mostly EIO.
    """
    for _, layer, message in log:
        words = message.strip()
        if layer == "tls" and "verification" in words:
            return "the server's certificate is not trusted"
        if layer in ("tcp", "tls", "rtmp", "rtmps", "rtsp") and words:
            bare = re.sub(r"\?\S*", "", words)
            if not any(secret in bare for secret in target.secrets):
                return bare
    if isinstance(error, (EOFError, BrokenPipeError, ConnectionResetError)):
        return "the server closed the connection"
    vague = error.errno == errno.EIO or error.strerror is None
    return "the server refused the stream" if vague else str(error.strerror).lower()


def _packets(link: socket.socket) -> Iterator[ChildPacket]:
    """Yield the daemon's packets until it is gone."""
    unpacker = Unpacker()
    while data := link.recv(65536):
        yield from unpacker.feed(data)


def _connect(target: PushTarget, stream: StreamFormat) -> OutputContainer:
    """Return a container whose server has accepted the stream. Raises `FFmpegError`."""
    output = av.open(_tee(target), "w", format="tee")
    video = output.add_mux_stream("h264", stream.fps, width=stream.width, height=stream.height)
    video.time_base = Fraction(1, _TICKS)
    before = set(_sockets())
    output.start_encoding()
    for descriptor in set(_sockets()) - before:
        _bound_buffer(descriptor)
    return output


def _tee(target: PushTarget) -> str:
    """Return the target as FFmpeg's tee muxer reads it.

    PyAV opens a muxer's connection with avio_open, which takes no options: a plain rtmps URL would
    be opened without checking the certificate. The tee muxer passes its options on.
    """
    options = ["f=flv"] if target.url.startswith("rtmp") else ["f=rtsp", "rtsp_transport=tcp"]
    if target.secure:
        # Read twice, by the tee muxer and by its parser of options.
        ca_file = _escaped(_escaped(str(target.ca_file)))
        options += ["tls_verify=1", f"ca_file={ca_file}"]
    return f"[{':'.join(options)}]{_escaped(target.url)}"


def _escaped(text: str) -> str:
    return re.sub(r"([\\'\s:|\[\]])", r"\\\1", text)


def _sockets() -> Iterator[int]:
    for entry in Path("/dev/fd").iterdir():
        descriptor = int(entry.name)
        with contextlib.suppress(OSError):  # the listing's own is closed by now
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                yield descriptor


def _bound_buffer(descriptor: int) -> None:
    """Let little wait in the kernel, and let it drop that when this process is killed.

    When PRIVACY ends the process, what the kernel still holds would still be sent, for as long as
    the connection needs. A linger of 0 drops it and resets the connection.
    """
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _timed(packets: Iterator[ChildPacket], output: OutputContainer) -> "Iterator[av.Packet[Any]]":
    """Yield the access units with times that follow the captures and always ascend."""
    (video,) = output.streams.video
    elapsed_us, captured_us = 0, None
    for packet in packets:
        if captured_us is not None:
            elapsed_us += min(max(packet.captured_us - captured_us, _SHORTEST_US), _LONGEST_US)
        captured_us = packet.captured_us
        unit: av.Packet[Any] = av.Packet(packet.payload)
        unit.stream = video
        unit.time_base = Fraction(1, _TICKS)
        unit.pts = unit.dts = elapsed_us * _TICKS // 1_000_000
        unit.is_keyframe = bool(packet.flags & KEYFRAME)
        yield unit
