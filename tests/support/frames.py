"""The WebSocket messages in what a server has written."""

from collections.abc import Iterator

TEXT, BINARY = 0x81, 0x82


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield opcode and payload of each WebSocket message that a server framed."""
    at = 0
    while at < len(data):
        opcode, size = data[at], data[at + 1]
        at += 2
        if size >= 126:
            width = 2 if size == 126 else 8
            size, at = int.from_bytes(data[at : at + width], "big"), at + width
        yield opcode, data[at : at + size]
        at += size
