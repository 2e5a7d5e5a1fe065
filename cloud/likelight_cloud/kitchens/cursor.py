"""The cursor: opaque to the device, exact for the cloud, and refused when anybody changes it.

base64url of version, flags, seq, total, revision and time (fixed width, big-endian), the end of a
note's id, epoch and kid, then a MAC of 10 bytes: 53 to 92 bytes, so 71 to 123 characters of the 128
that the contract allows.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass

_VERSION = 2
_WATCHING = 1
_HEAD = struct.Struct(">BBIQQQ8s")
_NOTE_CHARS = 8
_EPOCH_CHARS = 4
_MAC_BYTES = 10


class CursorError(ValueError):
    """The cursor is damaged, or it is not one of this kitchen's."""


def end_of(note_id: str | None) -> str:
    """Return what a cursor holds of a note's id: of a ULID, 40 of its random bits."""
    return (note_id or "")[-_NOTE_CHARS:]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a device has come.

    `seq` is the newest note that it holds, `note` the last 8 characters of that note's id, which
    tell it from another under the same number; empty when it is not known. `total`, `revision` and
    `watching` are the likes, the kitchen's revision and whether anybody watched, in the last reply;
    `likes_ms` is the time (epoch ms) of the last reply that carried new likes, or 0.
    """

    epoch: str
    seq: int
    total: int
    revision: int = 0
    note: str = ""
    likes_ms: int = 0
    watching: bool = False


class Cursors:
    """Writes and reads cursors under a key of the database."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"likelight cursor", "sha256")

    def write(self, kid: str, position: Position) -> str:
        """Return the cursor for `position` in the kitchen `kid`."""
        head = _HEAD.pack(
            _VERSION,
            _WATCHING if position.watching else 0,
            position.seq,
            position.total,
            position.revision,
            position.likes_ms,
            position.note.encode("ascii"),
        )
        content = head + position.epoch.encode("ascii") + kid.encode("ascii")
        return base64.urlsafe_b64encode(content + self._mac(content)).rstrip(b"=").decode("ascii")

    def read(self, kid: str, cursor: str) -> Position:
        """Return the position inside `cursor`; raise `CursorError` when it is not our own."""
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise CursorError("this is not a cursor") from error
        content, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(content)):
            raise CursorError("the cursor is damaged, or another cloud gave it")
        version, flags, seq, total, revision, likes_ms, note = _HEAD.unpack_from(content)
        epoch, owner = content[_HEAD.size :][:_EPOCH_CHARS], content[_HEAD.size + _EPOCH_CHARS :]
        if version != _VERSION:
            raise CursorError(f"the cursor has the unknown version {version}")
        if owner != kid.encode("ascii"):
            raise CursorError("the cursor belongs to another kitchen")
        return Position(
            epoch.decode("ascii"),
            seq,
            total,
            revision,
            note.rstrip(b"\0").decode("ascii"),
            likes_ms,
            bool(flags & _WATCHING),
        )

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, hashlib.sha256)[:_MAC_BYTES]
