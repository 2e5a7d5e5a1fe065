"""The bytes around a picture on the wire, made once for all viewers.

`WebSocketResponse.send_bytes` and `StreamResponse.write` frame and await for each viewer and each
picture; here a publish is one `transport.write` of shared bytes per viewer.
"""

import json
from collections.abc import Mapping

BOUNDARY = "likelight"
MULTIPART = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
FIRST_BOUNDARY = f"--{BOUNDARY}\r\n".encode()

_TEXT, _BINARY, _CLOSE = 0x81, 0x82, 0x88  # final frames, unmasked, as a server sends them


def text_message(content: Mapping[str, object]) -> bytes:
    """Return `content` as one WebSocket text message of JSON."""
    return _frame(_TEXT, json.dumps(content, separators=(",", ":")).encode())


def binary_message(payload: bytes) -> bytes:
    """Return `payload` as one WebSocket binary message."""
    return _frame(_BINARY, payload)


def close_message(code: int) -> bytes:
    """Return a WebSocket close frame with `code` (RFC 6455, 7.4)."""
    return _frame(_CLOSE, code.to_bytes(2, "big"))


def padding(messages: int, size: int) -> tuple[bytes, ...]:
    """Return WebSocket messages of `size` bytes each that hold nothing: a `free` box of MP4."""
    return (binary_message(size.to_bytes(4, "big") + b"free" + bytes(size - 8)),) * messages


def multipart_part(jpeg: bytes, captured_us: int) -> bytes:
    """Return one MJPEG part, up to and with the boundary that ends it.

    The boundary comes right after the picture, not with the next one, so that a reader that waits
    for it has the picture a frame sooner.
    """
    head = (
        f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n"
        f"X-Timestamp: {timestamp(captured_us)}\r\n\r\n"
    )
    return b"".join((head.encode(), jpeg, b"\r\n", FIRST_BOUNDARY))


def timestamp(captured_us: int) -> str:
    """Return a capture time as `X-Timestamp` has it: epoch seconds, to the microsecond."""
    return f"{captured_us // 1_000_000}.{captured_us % 1_000_000:06d}"


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload
